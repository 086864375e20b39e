// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>

#include "manager/ending.hpp"
#include "manager/tables.hpp"

namespace troupe::manager {

// Looks now and then at the life pages of the actors that asked for it (SpawnOptions::hang); tells all programs of one that
// hangs, with the stack of its thread, and when it goes on; kills it, if that is wanted. What is a hang, a HangWatch decides.
// While no such actor runs, nothing wakes up here. Thread-safety: the loop's thread.
class Hangs {
 public:
  Hangs(Tables& tables, Ending& ending) : tables_(tables), ending_(ending), alarm_(tables.loop) {}

  // A life of it has been constructed.
  void started(HostRecord& host);

 private:
  using Clock = std::chrono::steady_clock;

  void wake_at(Clock::time_point time);
  void look();
  void look_at(HostRecord& host, Clock::time_point now);
  void ask_for_stack(const HostRecord& host, HangRecord& hang, Clock::time_point now);
  void look_for_stack(HostRecord& host, HangRecord& hang, Clock::time_point now);
  void tell(const HostRecord& host, HangRecord& hang);
  void tell_that_it_goes_on(const HostRecord& host, HangRecord& hang);
  void kill(HostRecord& host);

  Tables& tables_;
  Ending& ending_;
  Alarm alarm_;
  Clock::time_point next_look_ = Clock::time_point::max();  // when the alarm rings
};

}  // namespace troupe::manager
