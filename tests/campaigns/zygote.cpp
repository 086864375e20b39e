// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>

#include <chrono>
#include <exception>
#include <set>
#include <thread>
#include <vector>

#include "campaign.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

// SIGKILL of the zygote while it forks hosts, under load: each spawn gives an actor or a StartError, the actors that live
// go on as if nothing had happened, and later spawns work.
namespace troupe::campaigns {

namespace {

constexpr const char* kZygote = "troupe-zygote";

// The actors that came up, each called once; the others were refused properly.
std::vector<Proxy<Clerk>> settle(const std::vector<AsyncResult<Proxy<Clerk>>>& spawned, Ledger& ledger) {
  const Step step("waiting for actors to be spawned while the zygote dies");
  std::vector<Proxy<Clerk>> clerks;
  for (const auto& each : spawned) {
    try {
      clerks.push_back(each.get());
      call_once(clerks.back(), ledger);
    } catch (const StartError&) {
    }
  }
  return clerks;
}

// Hosts that nobody knows of end; a zygote may be there. Blocks: until it is so.
void expect_only(int manager, const std::set<int>& hosts) {
  const Step step("waiting for unknown hosts to end");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (;;) {
    const auto children = children_of(manager);
    std::size_t known = 0;
    std::size_t zygotes = 0;
    for (const auto& child : children) {
      known += hosts.contains(child.pid);
      zygotes += child.name == kZygote;
    }
    if (known == hosts.size() && zygotes <= 1 && known + zygotes == children.size()) return;
    expect(std::chrono::steady_clock::now() < deadline, "the manager has other children than {} actors and a zygote: {}",
           hosts.size(), text_of(children));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void spawn_and_kill(Runtime& runtime, Ledger& ledger, Random& random, const Lanes& lanes) {
  const int manager = await_child(::getpid(), "troupe-manager").pid();
  const auto zygote = await_child(manager, kZygote);
  std::vector<AsyncResult<Proxy<Clerk>>> spawned;
  const int before = uniform(random, 1, 6);
  for (int i = 0; i < before; ++i) spawned.push_back(runtime.spawn_async<Clerk>(ledger.path()));
  sleep_up_to(random, std::chrono::milliseconds(5));
  zygote.kill();
  for (int i = 0; i < 2; ++i) spawned.push_back(runtime.spawn_async<Clerk>(ledger.path()));
  std::set<int> hosts;
  for (const auto& lane : lanes) hosts.insert(lane->clerk().pid());
  const auto clerks = settle(spawned, ledger);
  for (const auto& clerk : clerks) hosts.insert(clerk.pid());
  expect_ended({&zygote, 1}, "after SIGKILL");
  expect_only(manager, hosts);
  spawn_clerk(runtime, ledger);
}

void kill_under_load(Ledger& ledger, Random& random) {
  Runtime runtime;
  Lanes lanes = make_lanes(runtime, ledger, random);
  for (const auto& lane : lanes) lane->begin();
  const int kills = uniform(random, 1, 2);
  for (int i = 0; i < kills; ++i) spawn_and_kill(runtime, ledger, random, lanes);
  for (const auto& lane : lanes) {
    lane->end();
    call_once(lane->clerk(), ledger);
  }
  lanes.clear();
  expect_shutdown(runtime);
}

void one_case(Random& random) {
  const Oracle oracle;
  {
    Ledger ledger;
    kill_under_load(ledger, random);
    expect_no_descendants();
    ledger.expect_agreement(Blame::nobody);
  }
  oracle.expect_nothing_left();
}

}  // namespace

Score run_zygote(const Order& order) { return run_cases(order, one_case); }

}  // namespace troupe::campaigns
