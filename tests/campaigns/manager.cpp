// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>

#include <exception>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "campaign.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

// SIGKILL of the manager: under load and while actors are being spawned, or while the runtime starts. All that was asked
// for ends with ManagerDied, the hosts end, and a new runtime works.
namespace troupe::campaigns {

namespace {

using Spawned = std::vector<AsyncResult<Proxy<Clerk>>>;

Spawned begin_spawns(Runtime& runtime, const Ledger& ledger, int count) {
  Spawned spawned;
  for (int i = 0; i < count; ++i) spawned.push_back(runtime.spawn_async<Clerk>(ledger.path()));
  return spawned;
}

// Each has an outcome: a proxy, or the manager's death.
void expect_settled(const Spawned& spawned) {
  const Step step("waiting for actors to be spawned");
  for (const auto& each : spawned) {
    if (const auto error = each.exception()) expect_manager_died("a spawn", [&] { std::rethrow_exception(error); });
  }
}

void expect_refusals(Runtime& runtime, const Lanes& lanes, Ledger& ledger) {
  const Step step("being refused, since the manager has died");
  for (const auto& lane : lanes) {
    expect_manager_died("a call", [&] { call_once(lane->clerk(), ledger); });
    expect(lane->clerk().wait().has_value(), "there is no exit status");
    expect(!lane->clerk().is_alive(), "a proxy says that its actor is alive");
  }
  expect_manager_died("a spawn", [&] { runtime.spawn<Clerk>(ledger.path()); });
  expect_manager_died("the list of actors", [&] { runtime.actors(); });
}

void kill_under_load(Ledger& ledger, Random& random) {
  Runtime runtime;
  Lanes lanes = make_lanes(runtime, ledger, random);
  auto processes = std::vector<platform::Process>();
  processes.push_back(await_child(::getpid(), "troupe-manager"));
  for (const auto& child : children_of(processes.front().pid())) {
    if (auto process = open_process(child.pid)) processes.push_back(std::move(*process));
  }
  for (const auto& lane : lanes) lane->begin();
  const Spawned spawned = begin_spawns(runtime, ledger, uniform(random, 0, 3));
  sleep_up_to(random, std::chrono::milliseconds(5));
  processes.front().kill();
  for (const auto& lane : lanes) lane->join();
  expect_settled(spawned);
  expect_ended(processes, "after its manager was killed");
  expect_refusals(runtime, lanes, ledger);
  const Step step("ending a runtime whose manager has died");
  lanes.clear();
  runtime.shutdown();
}

// Kills this process's only child, the manager to be, soon after it has come.
void kill_early(Random random) {
  std::vector<SeenProcess> children;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (children.empty() && std::chrono::steady_clock::now() < deadline) children = children_of(::getpid());
  if (children.empty()) return;
  const auto manager = open_process(children.front().pid);
  sleep_up_to(random, std::chrono::milliseconds(8));
  if (manager) manager->kill();
}

void kill_at_start(Ledger& ledger, Random& random) {
  const Step step("starting a runtime whose manager is killed");
  const std::jthread killer(kill_early, Random(random()));
  try {
    Runtime runtime;
    const Spawned spawned = begin_spawns(runtime, ledger, kActors);
    for (const auto& each : spawned) call_once(each.get(), ledger);
  } catch (const ManagerDied&) {
  } catch (const StartError&) {
  }
}

void one_case(Random& random) {
  const Oracle oracle;
  {
    Ledger ledger;
    if (one_in(random, 4)) {
      kill_at_start(ledger, random);
    } else {
      kill_under_load(ledger, random);
    }
    expect_no_descendants();
    ledger.expect_agreement(Blame::manager);
    expect_fresh_call();
  }
  oracle.expect_nothing_left();
}

}  // namespace

Score run_manager(const Order& order) { return run_cases(order, one_case); }

}  // namespace troupe::campaigns
