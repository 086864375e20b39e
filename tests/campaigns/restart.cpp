// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "campaign.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

// SIGKILL of hosts whose actors are started again, under load: nothing that had not started is lost, or run twice. A case is the
// life of one runtime with four such actors, in which a few hosts are killed, now and then the next life while it comes up.
namespace troupe::campaigns {

namespace {

constexpr int kKillsPerRuntime = 8;

void kill_host_of(const Lane& lane, const Ledger& ledger, Random& random) {
  const auto host = open_process(lane.clerk().pid());
  sleep_up_to(random, std::chrono::milliseconds(3));
  if (one_in(random, 2)) {
    ledger.await_begin(lane.host().pid(), std::chrono::steady_clock::now() + std::chrono::milliseconds(2));
    spin_up_to(random, std::chrono::microseconds(20));
  }
  if (host) host->kill();
}

// Whether it was answered; a host may have begun it while it was being killed.
bool ask(const Lane& lane, Ledger& ledger) {
  const std::uint64_t number = ledger.open_reserved(lane.host().pid(), Verdict::waiting);
  return settle(number, lane.clerk().call<&Clerk::count>(number, Clerk::kSenders - 1, 0u), ledger);
}

// What the proxy says of its process may be the last life's still: then nobody is killed.
void live_and_restart(Ledger& ledger, Random& random) {
  Runtime runtime;
  Lanes lanes = make_lanes(runtime, ledger, random, Lives::many);
  for (const auto& lane : lanes) lane->begin();
  for (int kills = kKillsPerRuntime; kills > 0; --kills) {
    const auto& victim = *lanes[static_cast<std::size_t>(uniform(random, 0, kActors - 1))];
    kill_host_of(victim, ledger, random);
    if (one_in(random, 2)) ask(victim, ledger);
  }
  for (const auto& lane : lanes) {
    lane->end();
    expect(ask(*lane, ledger) || ask(*lane, ledger), "an actor that is started again does not answer");
  }
  lanes.clear();
  expect_shutdown(runtime);
}

}  // namespace

Score run_restart(const Order& order) {
  return run_cases(order, [](Random& random) {
    const Oracle oracle;
    {
      Ledger ledger;
      live_and_restart(ledger, random);
      expect_no_descendants();
      ledger.expect_agreement(Blame::actor);
    }
    oracle.expect_nothing_left();
  });
}

}  // namespace troupe::campaigns
