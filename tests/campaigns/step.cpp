// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "caller.hpp"
#include "campaign.hpp"
#include "cast.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "marks.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "tracee.hpp"
#include "watchdog.hpp"

// SIGKILL at a chosen instruction: the victim is run to the begin of a region of its code, moved on by so many instructions
// or system calls, and killed there. Case i of a part is the i-th place; a part is over when its region is.
namespace troupe::campaigns {

namespace {

struct Part {
  std::string_view name;
  bool (*kill_at)(const Part& part, int moves);  // true: the region ended before so many moves
  const char* begin;                             // marks, see platform/step_mark.hpp
  const char* end;
  int passes;     // how often the victim goes by before it is stopped
  bool by_calls;  // moves are entries into and exits from the kernel, else instructions
  int stride;     // moves between two places; 0: not in the short form
  int long_stride;
};

struct Moved {
  bool is_over = false;  // it has come to the end of the region
  int replies = 0;       // it has sent on its way through the region
};

// Runs the victim into the part's region and on.
Moved move(Tracee& victim, int pid, const Part& part, int moves) {
  const auto end = addresses_of(part.end, pid);
  const auto replied = addresses_of("reply is out", pid);
  victim.run_to(addresses_of(part.begin, pid), part.passes);
  Moved moved;
  for (Step step("moving a process on"); moves > 0 && !moved.is_over; --moves, step.renew()) {
    if (part.by_calls) {
      moved.is_over = !victim.step_to_kernel(end);
    } else {
      const std::uint64_t place = victim.step();
      moved.is_over = std::find(end.begin(), end.end(), place) != end.end();
      moved.replies += std::find(replied.begin(), replied.end(), place) != replied.end() ? 1 : 0;
    }
  }
  return moved;
}

void expect_killed(const platform::Process& process, const auto& proxy) {
  expect_ended({&process, 1}, "after SIGKILL");
  const Step step("waiting for the report on a killed host");
  const auto status = proxy.wait();
  expect(status && status->signal == SIGKILL, "the report on process {} says signal {}", process.pid(),
         status ? status->signal : 0);
}

// The actor that was killed in its method cannot know how far that got.
void expect_may_have_run(const AsyncResult<bool>& asked) {
  const Step step("waiting for a call to an actor that was killed");
  try {
    asked.get();
  } catch (const ActorDied& error) {
    return expect(error.execution() == Execution::maybe, "a call that was killed in its method has another verdict than maybe");
  }
  throw Broken("a call to an actor that was killed in its method was answered");
}

// In number: what it has closed and opened again has another name.
bool exceeds(const testing::Holdings& held, const testing::Holdings& before) {
  return held.handles.size() > before.handles.size() || held.threads.size() > before.threads.size() ||
         held.shared_mappings.size() > before.shared_mappings.size() || held.shared_names.size() > before.shared_names.size();
}

// Blocks: until the process holds no more than it held before: it may have been letting go of something then.
void expect_holdings(int pid, const testing::Holdings& before) {
  const Step step("waiting for a process to let go of a dead client's things");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  testing::Holdings held = testing::Holdings::of(pid);
  while (exceeds(held, before) && std::chrono::steady_clock::now() < deadline) held = testing::Holdings::of(pid);
  expect(!exceeds(held, before), "process {} holds {}; before its client came: {}", pid, held.text(), before.text());
}

// ---- the client's half: the caller is the victim

bool kill_caller(const Part& part, int moves, bool is_attached) {
  Ledger ledger;
  Cast cast(ledger);
  const testing::Holdings before = testing::Holdings::of(cast.clerk.pid());
  expect(cast.ask(is_attached ? cast.clerk : cast.other), "a caller's call was not answered");
  const auto host = platform::Process::open(cast.caller.pid());
  AsyncResult<bool> asked;
  Moved moved;
  {
    Tracee victim(host.pid());
    asked = cast.caller.call<&Caller::ask>(cast.clerk);
    moved = move(victim, host.pid(), part, moves);
  }
  expect_may_have_run(asked);
  expect_killed(host, cast.caller);
  call_once(cast.clerk, ledger);
  expect_holdings(cast.clerk.pid(), before);
  spawn_clerk(cast.runtime, ledger);
  expect_shutdown(cast.runtime);
  ledger.expect_agreement(Blame::nobody, true);
  return moved.is_over;
}

bool kill_caller_attached(const Part& part, int moves) { return kill_caller(part, moves, true); }
bool kill_caller_attaching(const Part& part, int moves) { return kill_caller(part, moves, false); }

// ---- the host's half: the clerk is the victim

// Three calls that wait in the ring when the victim is let run: one is answered before, one is hit, one comes too late.
bool kill_clerk_at_work(const Part& part, int moves) {
  constexpr int kCalls = 3;
  Ledger ledger;
  Runtime runtime;
  const auto clerk = spawn_clerk(runtime, ledger);
  const auto other = spawn_clerk(runtime, ledger);
  const auto host = platform::Process::open(clerk.pid());
  std::vector<std::pair<std::uint64_t, AsyncResult<std::uint64_t>>> calls;
  int answered = 0;
  std::jthread waiter;
  Moved moved;
  {
    Tracee victim(host.pid());
    for (int i = 0; i < kCalls; ++i) {
      const auto number = ledger.open_reserved(host.pid(), Verdict::waiting);
      calls.emplace_back(number, clerk.call<&Clerk::count>(number, Caller::kSender, 0u));
    }
    waiter = std::jthread([&] {
      for (const auto& [number, result] : calls) answered += settle(number, result, ledger) ? 1 : 0;
    });
    moved = move(victim, host.pid(), part, moves);
  }
  waiter.join();
  expect(answered >= part.passes + moved.replies, "{} replies were written before the death, and {} have arrived",
         part.passes + moved.replies, answered);
  expect_killed(host, clerk);
  expect_refusal(clerk, ledger);
  call_once(other, ledger);
  spawn_clerk(runtime, ledger);
  expect_shutdown(runtime);
  ledger.expect_agreement(Blame::actor);
  return moved.is_over;
}

bool kill_clerk_attaching(const Part& part, int moves) {
  Ledger ledger;
  Cast cast(ledger);
  expect(cast.ask(cast.other), "a caller's call was not answered");
  const testing::Holdings before = testing::Holdings::of(cast.caller.pid());
  const auto host = platform::Process::open(cast.clerk.pid());
  AsyncResult<bool> asked;
  Moved moved;
  {
    Tracee victim(host.pid());
    asked = cast.caller.call<&Caller::ask>(cast.clerk);
    moved = move(victim, host.pid(), part, moves);
  }
  {
    const Step step("waiting for an actor whose callee was killed");
    asked.get();
  }
  expect_killed(host, cast.clerk);
  expect_refusal(cast.clerk, ledger);
  expect(cast.ask(cast.other), "a caller whose other callee was killed cannot call");
  expect_holdings(cast.caller.pid(), before);
  spawn_clerk(cast.runtime, ledger);
  expect_shutdown(cast.runtime);
  ledger.expect_agreement(Blame::actor);
  return moved.is_over;
}

// ---- the manager is the victim

// The caller may have its channel already, and be answered before it ends with its manager.
void expect_answer_or_manager_died(const AsyncResult<bool>& asked) {
  const Step step("waiting for a call when the manager was killed");
  try {
    asked.get();
  } catch (const ManagerDied&) {
  }
}

bool kill_manager_attaching(const Part& part, int moves) {
  Ledger ledger;
  Cast cast(ledger);
  expect(cast.ask(cast.other), "a caller's call was not answered");
  std::vector<platform::Process> processes;
  processes.push_back(await_child(::getpid(), "troupe-manager"));
  for (const int pid : {cast.clerk.pid(), cast.other.pid(), cast.caller.pid()}) processes.push_back(platform::Process::open(pid));
  AsyncResult<bool> asked;
  Moved moved;
  {
    Tracee victim(processes.front().pid());
    asked = cast.caller.call<&Caller::ask>(cast.clerk);
    moved = move(victim, processes.front().pid(), part, moves);
  }
  expect_answer_or_manager_died(asked);
  expect_ended(processes, "after its manager was killed");
  expect_manager_died("a call", [&] { call_once(cast.clerk, ledger); });
  expect_manager_died("a spawn", [&] { cast.runtime.spawn<Clerk>(ledger.path()); });
  expect_shutdown(cast.runtime);
  expect_no_descendants();
  ledger.expect_agreement(Blame::manager, true);
  expect_fresh_call();
  return moved.is_over;
}

// ----

constexpr int kAttachStride = 64;

constexpr Part kParts[] = {
    {"push", kill_caller_attached, "push", "push ends", 0, false, 16, 1},
    {"receive", kill_caller_attached, "receive", "receive ends", 0, false, 16, 1},
    {"pop", kill_clerk_at_work, "pop", "pop ends", 1, false, 16, 1},
    {"reply", kill_clerk_at_work, "reply", "reply ends", 1, false, 16, 1},
    {"attach-client", kill_caller_attaching, "attach", "attach ends", 0, true, 1, 1},
    {"attach-client-loop", kill_caller_attaching, "attach: client opens", "attach: client has opened", 0, true, 1, 1},
    {"attach-host", kill_clerk_attaching, "attach: host opens", "attach: host has opened", 0, true, 1, 1},
    {"attach-manager", kill_manager_attaching, "attach: manager asks", "attach: manager has answered", 0, true, 1, 1},
    {"attach-client/64", kill_caller_attaching, "attach", "attach ends", 0, false, 0, kAttachStride},
    {"attach-client-loop/64", kill_caller_attaching, "attach: client opens", "attach: client has opened", 0, false, 0,
     kAttachStride},
    {"attach-host/64", kill_clerk_attaching, "attach: host opens", "attach: host has opened", 0, false, 0, kAttachStride},
    {"attach-manager/64", kill_manager_attaching, "attach: manager asks", "attach: manager has answered", 0, false, 0,
     kAttachStride},
};

Score run_part(const Part& part, Order order, int stride) {
  order.part = part.name;
  Score score;
  bool is_over = false;
  for (int number = order.first; number - order.first < order.cases && !is_over && !order.is_over(); ++number) {
    score += run_case(order, number, [&] {
      const Oracle oracle;
      is_over = part.kill_at(part, number * stride);
      oracle.expect_nothing_left();
    });
  }
  fmt::print("  {}: {} places, {} failures{}\n", part.name, score.cases, score.failures, is_over ? "" : "; not to its end");
  std::fflush(stdout);
  return score;
}

}  // namespace

Score run_step(const Order& order) {
  Score score;
  for (const Part& part : kParts) {
    const int stride = order.is_long ? part.long_stride : part.stride;
    if (stride != 0 && order.wants(part.name)) score += run_part(part, order, stride);
  }
  fmt::print("  calls and their outcomes: {}\n", Ledger::tally());
  return score;
}

}  // namespace troupe::campaigns
