// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sched.h>
#include <sys/types.h>

// Who runs where. Two processes that take turns are put on one processor by the scheduler as soon as the machine has other
// things to do, and then everything is different: nobody can spin, wake-ups cost a third, rings are handed over whole. So
// whatever has two sides is measured with each on a processor of its own, floors and figures alike; what has more is not.
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
