// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>
#include <troupe/exit_status.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/memory_kills.hpp"
#include "wire/control_parts.hpp"

namespace troupe::manager {

// What the manager had asked of a host before it ended; the last one counts.
enum class Asked : std::uint8_t {
  nothing,
  stop,         // to stop; it is killed when its grace runs out
  kill,         // somebody wanted it killed
  parent_gone,  // who it belonged to has ended: it is killed
  give_up,      // it did not come up in time: it is killed
  restart,      // to stop, since its group wants a new life of it; it is killed when its grace runs out
  hung,         // it was in one call for too long: it is killed
  linked,       // to stop, since an actor that it is linked to has ended; it is killed when its grace runs out
};

// All that is known of a host that has ended.
struct DeathFacts {
  ExitStatus status;
  bool is_status_known = true;
  ResourceUsage usage;
  std::uint64_t own_time_us = 0;  // of the processor; known where that is limited
  Asked asked = Asked::nothing;
  bool constructor_threw = false;
  bool failed_to_start = false;  // and was killed for that
  bool was_killed = false;       // by the manager, at once, for what it asked
  bool was_overdue = false;      // the manager sent SIGTERM, and then SIGKILL
  std::string violation;         // how it broke the protocol; empty: it did not
  std::string lost_touch;        // why the manager could not go on with it, and killed it; empty: it could
  // What it says of itself; it may lie.
  bool wanted_memory = false;        // and exited
  bool was_ended_by_caller = false;  // which cancelled the call that ran, by force: it killed itself
  bool has_handler = false;          // for fatal signals
  std::uint32_t fatal_signal = 0;    // 0: it did not run
  std::uint64_t fault_address = 0;
  bool has_fault_address = false;
  std::string backtrace;
  std::string last_words;
  bool lacked_memory = false;  // when it called std::terminate
  bool had_no_memory = false;  // when it crashed
  std::string method;          // that was running
  // What the manager knows.
  std::chrono::nanoseconds in_method_for{};  // of one that hung, at least; then the backtrace is that of its main thread
  wire::Limits limits;                       // that it had
  std::uint64_t inherited_cpu_seconds = 0;   // likewise, where none was ordered; 0: none
  std::string linked_end;                    // the end of another actor that it had to follow
  unsigned incarnation = 0;
  std::chrono::nanoseconds method_time{};
  std::vector<std::string> stderr_tail;
  platform::MemoryKills::Answer was_memory_kill = platform::MemoryKills::Answer::unknown;
};

// Why it ended. A pure function. The kernel's word (the status) stands over the host's own.
DeathCause judge_death(const DeathFacts& facts);

// The numbers of SIGABRT, SIGKILL, SIGSEGV, SIGTERM and SIGXCPU, the same wherever this runs.
constexpr int kAbortSignal = 6;
constexpr int kKillSignal = 9;
constexpr int kFaultSignal = 11;
constexpr int kTerminateSignal = 15;
constexpr int kCpuTimeSignal = 24;

}  // namespace troupe::manager
