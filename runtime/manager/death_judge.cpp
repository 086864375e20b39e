// SPDX-License-Identifier: BSL-1.0
#include "manager/death_judge.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace troupe::manager {

using platform::MemoryKills;

namespace {

// The fatal-signal handler has run, and then the process died of that signal, or was killed while it wrote its core, or met
// a fault in the handler.
bool crashed_first(const DeathFacts& facts) {
  constexpr int kFaults[] = {7, 11};  // SIGBUS, SIGSEGV
  const auto noted = static_cast<int>(facts.fatal_signal);
  const int died_of = facts.status.signal;
  return noted != 0 &&
         (died_of == noted || died_of == kKillSignal || std::count(std::begin(kFaults), std::end(kFaults), died_of) != 0);
}

// Of one that had been asked to end, and was killed for it.
DeathKind kind_of_ordered_end(Asked asked) {
  switch (asked) {
    case Asked::parent_gone:
      return DeathKind::parent_gone;
    case Asked::give_up:
      return DeathKind::start_failure;
    case Asked::hung:
      return DeathKind::hung;
    case Asked::linked:
      return DeathKind::linked;
    case Asked::nothing:
    case Asked::stop:
    case Asked::kill:
    case Asked::restart:
      break;
  }
  return DeathKind::killed_by_us;
}

// The manager's order, or a caller's. Whoever was asked to stop has its grace: what kills it in that time is somebody else.
bool was_killed_for_an_order(const DeathFacts& facts) {
  return facts.was_killed || facts.was_overdue || facts.was_ended_by_caller;
}

DeathKind kind_when_killed(const DeathFacts& facts) {
  if (was_killed_for_an_order(facts) && facts.asked != Asked::nothing) return kind_of_ordered_end(facts.asked);
  if (facts.constructor_threw) return DeathKind::uncaught_at_start;
  if (facts.failed_to_start) return DeathKind::start_failure;
  const bool was_us = facts.was_overdue || facts.was_ended_by_caller || !facts.lost_touch.empty();
  return was_us ? DeathKind::killed_by_us : DeathKind::signal;
}

DeathKind kind_of_exit(const DeathFacts& facts) {
  if (facts.constructor_threw) return DeathKind::uncaught_at_start;
  const bool was_to_stop = facts.asked == Asked::stop || facts.asked == Asked::restart;
  if (facts.status.exit_code == 0 && was_to_stop) return DeathKind::stopped;
  if (facts.status.exit_code == 0 && facts.asked == Asked::parent_gone) return DeathKind::parent_gone;
  if (facts.status.exit_code == 0 && facts.asked == Asked::linked) return DeathKind::linked;
  return facts.wanted_memory && facts.status.exit_code != 0 ? DeathKind::out_of_memory : DeathKind::exit_code;
}

// By whomever: the kernel for want of memory, another process, or itself: SIGKILL says nothing of its sender.
bool was_killed_by_somebody(const DeathFacts& facts) {
  const bool had_to_go =
      was_killed_for_an_order(facts) || facts.failed_to_start || facts.constructor_threw || !facts.lost_touch.empty();
  return facts.status.signal == kKillSignal && !had_to_go && !crashed_first(facts);
}

// At the most. For its limits the kernel counts whole ticks, whoever had run in their rest: on a busy machine a fifth more was
// seen than what a process had.
std::uint64_t as_counted_in_ticks(std::uint64_t microseconds) {
  constexpr std::uint64_t kTicks = 50'000;
  return microseconds + microseconds / 4 + kTicks;
}

// The system has said so; or, to one that did not listen, it has sent SIGKILL a second later. Where both limits are one
// (ulimit -t), it says nothing before.
bool ran_out_of_cpu_time(const DeathFacts& facts) {
  constexpr std::uint64_t kMicroseconds = 1'000'000;
  if (facts.status.signal == kCpuTimeSignal || (crashed_first(facts) && facts.fatal_signal == kCpuTimeSignal)) return true;
  const std::uint64_t limit = facts.limits.cpu_seconds != 0 ? facts.limits.cpu_seconds : facts.inherited_cpu_seconds;
  return limit != 0 && facts.status.signal == kKillSignal && !was_killed_for_an_order(facts) &&
         as_counted_in_ticks(facts.own_time_us) / kMicroseconds >= limit;
}

DeathKind kind_of(const DeathFacts& facts) {
  if (!facts.violation.empty()) return DeathKind::protocol_violation;
  if (!facts.is_status_known) return DeathKind::unknown;
  if (ran_out_of_cpu_time(facts)) return DeathKind::out_of_cpu_time;
  if (crashed_first(facts))
    return facts.lacked_memory && facts.fatal_signal == kAbortSignal ? DeathKind::out_of_memory : DeathKind::signal;
  if (was_killed_by_somebody(facts) && facts.was_memory_kill == MemoryKills::Answer::yes) return DeathKind::out_of_memory;
  const bool was_killed = facts.status.signal == kKillSignal || (facts.was_overdue && facts.status.signal == kTerminateSignal);
  if (was_killed) return kind_when_killed(facts);
  return facts.status.signal != 0 ? DeathKind::signal : kind_of_exit(facts);
}

// One more sentence behind those that there are.
void add(std::string& text, const std::string& sentence) {
  if (!text.empty()) text += "; ";
  text += sentence;
}

const char* who_killed(MemoryKills::Answer was_memory_kill) {
  switch (was_memory_kill) {
    case MemoryKills::Answer::yes:
      return "the kernel killed it: there was no memory left on the machine, or in its control group";
    case MemoryKills::Answer::perhaps:
      return "the SIGKILL came from another process, from itself (kill, raise), or perhaps from the kernel, which has killed "
             "processes "
             "for want of memory";
    case MemoryKills::Answer::no:
      return "the SIGKILL came from another process or from itself (kill, raise), not from the kernel for want of memory (or it "
             "had "
             "executed another program: troupe ends those)";
    case MemoryKills::Answer::unknown:
      break;
  }
  return "the SIGKILL came from another process, from itself (kill, raise), or from the kernel for want of memory";
}

// What a crash had no more of, and by whose limit.
void add_wants(std::string& text, const DeathFacts& facts, DeathKind kind) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  if (was_killed_by_somebody(facts) && kind != DeathKind::out_of_cpu_time) return add(text, who_killed(facts.was_memory_kill));
  const bool lacked_memory = kind == DeathKind::out_of_memory || (crashed_first(facts) && facts.had_no_memory);
  if (lacked_memory && (kind != DeathKind::out_of_memory || text.empty())) add(text, "it could get no more memory");
  if (lacked_memory && facts.limits.memory_bytes != 0)
    add(text, fmt::format("its limit (SpawnOptions::limits.memory) was {:g} MiB",
                          static_cast<double>(facts.limits.memory_bytes) / kMebibyte));
  if (kind == DeathKind::out_of_cpu_time && facts.limits.cpu_seconds != 0)
    add(text, fmt::format("its limit (SpawnOptions::limits.cpu_time) was {} s", facts.limits.cpu_seconds));
  if (kind == DeathKind::out_of_cpu_time && facts.limits.cpu_seconds == 0 && facts.inherited_cpu_seconds != 0)
    add(text, fmt::format("what starts it may have no more than {} s (ulimit -t)", facts.inherited_cpu_seconds));
}

std::string words_of(const DeathFacts& facts, DeathKind kind) {
  if (crashed_first(facts)) return facts.last_words;
  if (kind == DeathKind::linked) return facts.linked_end;
  if (kind == DeathKind::killed_by_us && facts.was_ended_by_caller)
    return "a caller cancelled the call that ran, by force (AsyncResult::cancel)";
  if (kind == DeathKind::killed_by_us && !was_killed_for_an_order(facts))
    return "the manager could not go on with it: " + facts.lost_touch;
  if (kind == DeathKind::hung)
    return fmt::format("it had been in that call for {:.1f} s at least (SpawnOptions::hang)",
                       std::chrono::duration<double>(facts.in_method_for).count());
  if (kind == DeathKind::killed_by_us && facts.was_overdue)
    return facts.asked == Asked::nothing ? "its exit handlers took too long" : "it did not stop within its grace";
  const bool is_mute = facts.status.signal == kFaultSignal && facts.has_handler && facts.fatal_signal == 0;
  return is_mute ? "its handler of signals could not run: a thread beside the actor's may have overflowed its stack" : "";
}

std::string detail_of(const DeathFacts& facts, DeathKind kind) {
  if (!facts.violation.empty()) return facts.violation;
  if (!facts.is_status_known) return "something else reaped it";
  std::string text = words_of(facts, kind);
  add_wants(text, facts, kind);
  return text;
}

}  // namespace

DeathCause judge_death(const DeathFacts& facts) {
  DeathCause cause;
  cause.kind = kind_of(facts);
  cause.exit_code = facts.status.exit_code;
  cause.signal = facts.status.signal;
  if (crashed_first(facts) && facts.violation.empty()) {
    cause.signal = static_cast<int>(facts.fatal_signal);
    cause.fault_address = facts.fault_address;
    cause.has_fault_address = facts.has_fault_address;
    cause.backtrace = facts.backtrace;
  }
  if (cause.kind == DeathKind::hung) cause.backtrace = facts.backtrace;
  cause.method = facts.method;
  cause.method_time = facts.method_time;
  cause.stderr_tail = facts.stderr_tail;
  cause.resource_usage = facts.usage;
  cause.incarnation = facts.incarnation;
  cause.detail = detail_of(facts, cause.kind);
  return cause;
}

}  // namespace troupe::manager
