// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sched.h>
#include <sys/types.h>

// Who runs where. Rates need it: two processes that happen to share a processor hand over whole rings at a time, without
// contention, and are many times as fast as on two; which of the two a scheduler chooses changes from second to second.
namespace troupe::bench {

// The two sides of a measurement. On a machine of one processor they share it.
enum class Side { sender, receiver };

// The calling thread stays on its side's processor while this lives.
class OnOneSide {
 public:
  explicit OnOneSide(Side side);
  OnOneSide(const OnOneSide&) = delete;
  OnOneSide& operator=(const OnOneSide&) = delete;
  ~OnOneSide();

 private:
  cpu_set_t before_;
};

// All threads of a process, for good. Errors: std::system_error.
void keep_on_one_side(pid_t process, Side side);

}  // namespace troupe::bench
