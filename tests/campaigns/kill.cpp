// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "campaign.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

// SIGKILL of hosts under load. Four client processes at a time, each with a runtime of its own and four actors, kill their
// own hosts. A case is the life of one runtime, in which a few hosts die one after the other and are replaced while the
// others go on; --cases counts kills.
namespace troupe::campaigns {

namespace {

constexpr int kClients = 4;
constexpr int kKillsPerLife = 5;

// After a while; every other time at a moment when the host is at work, since with many processes on few processors it
// mostly waits for one.
void kill_host(const Lane& lane, const Ledger& ledger, Random& random) {
  sleep_up_to(random, std::chrono::milliseconds(5));
  if (one_in(random, 2)) {
    ledger.await_begin(lane.host().pid(), std::chrono::steady_clock::now() + std::chrono::milliseconds(2));
    spin_up_to(random, std::chrono::microseconds(20));
  }
  lane.host().kill();
}

// Its calls end, and the report on its death is right.
void expect_killed(Lane& lane) {
  lane.join();
  expect_ended({&lane.host(), 1}, "after SIGKILL");
  const Step step("waiting for the report on a killed host");
  const auto status = lane.clerk().wait();
  expect(status && status->signal == SIGKILL, "the report on process {} says signal {}", lane.host().pid(),
         status ? status->signal : 0);
  expect(!lane.clerk().is_alive(), "the proxy of process {} says that it is alive", lane.host().pid());
}

void live_and_kill(Ledger& ledger, Random& random, int kills) {
  Runtime runtime;
  Lanes lanes = make_lanes(runtime, ledger, random);
  for (const auto& lane : lanes) lane->begin();
  for (; kills > 0; --kills) {
    auto& victim = lanes[static_cast<std::size_t>(uniform(random, 0, kActors - 1))];
    kill_host(*victim, ledger, random);
    expect_killed(*victim);
    expect_refusal(victim->clerk(), ledger);
    victim = std::make_unique<Lane>(runtime, ledger, random);
    victim->begin();
  }
  for (const auto& lane : lanes) {
    lane->end();
    call_once(lane->clerk(), ledger);
  }
  lanes.clear();
  expect_shutdown(runtime);
}

}  // namespace

int run_kill_client(const Order& order, int number) {
  Order share = order;
  share.first += order.cases * number / kClients;
  share.cases = order.cases * (number + 1) / kClients - order.cases * number / kClients;
  return run_cases(share,
                   [](Random& random) {
                     const Oracle oracle;
                     {
                       Ledger ledger;
                       live_and_kill(ledger, random, kKillsPerLife);
                       expect_no_descendants();
                       ledger.expect_agreement(Blame::actor);
                     }
                     oracle.expect_nothing_left();
                   })
      .failures;
}

Score run_kill(const Order& order) {
  const Oracle oracle;
  const int lives = (order.cases + kKillsPerLife - 1) / kKillsPerLife;
  std::vector<platform::Process> clients;
  for (int number = 0; number < kClients; ++number) {
    clients.push_back(start_self(
        {"kill-client", std::to_string(order.seed), std::to_string(order.first), std::to_string(lives), std::to_string(number)}));
  }
  Score score{lives * kKillsPerLife, 0};
  for (const auto& client : clients) {
    client.wait_ended();
    const auto status = client.reap();
    score.failures += !status || status->signal != 0 ? 1 : status->exit_code;
  }
  clients.clear();
  oracle.expect_nothing_left();
  return score;
}

}  // namespace troupe::campaigns
