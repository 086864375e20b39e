// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

// Whether a call that failed had run. Exact: the outcome of a compare-and-swap on the call's slot, never a guess.
enum class Execution : std::uint8_t {
  not_started,  // the actor never saw it: it is safe to send it again
  maybe,        // the actor had begun when it died
  done,         // it ran to its end, but what it gave back did not arrive
};

// Why an actor's process ended. Adding one: at the end; DeathCause::text, wire/control_codec and the manager's judge_exit
// change with it.
enum class DeathKind : std::uint8_t {
  unknown,             // not (or not yet) reported
  signal,              // a signal that troupe did not send
  exit_code,           // exit(n), _exit(n), or main's end
  stopped,             // it was asked to stop, and did
  killed_by_us,        // Proxy::kill, a cancel by force, a grace that ran out, or the manager could not go on with it
  uncaught_at_start,   // its constructor threw
  parent_gone,         // who it belonged to ended
  protocol_violation,  // it wrote what no host may write
  start_failure,       // it never came up
  out_of_memory,       // it could get no more, and nobody caught that
  out_of_cpu_time,     // it had used as much processor time as it may (LimitOptions::cpu_time, or ulimit -t)
  hung,                // killed, since it was in one call for too long (HangOptions)
  linked,              // stopped (or killed, after its grace), since an actor that it was linked to has ended (Proxy::link)
};

struct ResourceUsage {
  std::uint64_t user_time_us = 0;
  std::uint64_t system_time_us = 0;
  std::uint64_t max_resident_bytes = 0;
};

namespace detail {
// Where a core file is to be looked for, and when it was written.
struct CoreToFind {
  int pid = 0;  // 0: nowhere
  int signal = 0;
  std::string directory{};
  std::chrono::system_clock::time_point not_before{};
  std::chrono::system_clock::time_point not_after{};
};
}  // namespace detail

// The report on one death. A value.
struct DeathCause {
  DeathKind kind = DeathKind::unknown;
  int exit_code = 0;                // for exit_code, and for out_of_memory without a signal
  int signal = 0;                   // for signal, out_of_memory, out_of_cpu_time, killed_by_us, hung and linked
  std::uint64_t fault_address = 0;  // for signals that have one; see has_fault_address
  std::string method{};             // that ran when it died; empty: none did
  std::string backtrace{};          // of the thread that crashed or hung, a line for each frame; empty when there is none
  // The last lines (50 at most) that it had written to stderr, of a captured actor (Stdio::capture); control characters and what
  // is no UTF-8 as \x1b.
  std::vector<std::string> stderr_tail{};
  ResourceUsage resource_usage{};
  unsigned incarnation = 0;
  std::string detail{};  // one more sentence: the assertion that failed, the exception that nobody caught, how it broke a rule
  std::chrono::nanoseconds method_time{};  // for which `method` had been running, to the kernel's tick (1 to 10 ms)
  std::string core_path{};                 // the core file, where the kernel has written one and it was found
  detail::CoreToFind core{};               // for the runtime
  bool has_fault_address = false;          // then a `fault_address` of 0 is a null pointer's

  // The whole report for people; several lines when there is a backtrace or output.
  std::string text() const;
};

namespace detail {
// With names instead of addresses in its backtrace, and with its core file. Blocks: for the files that it reads, and looks for.
// Again: no change.
DeathCause with_symbols(DeathCause cause);
}  // namespace detail

}  // namespace troupe
