// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>

namespace troupe::pool {

// How long tasks take, and so how many a worker shall have: enough to have something to do for the time that it takes to send it
// more, and no more than that, since what waits behind a slow task has to be taken back. A pure decision.
class WorkTime {
 public:
  using Duration = std::chrono::nanoseconds;

  // A task has ended that took so long, as far as one can see.
  void note(Duration span);
  // That a worker may have at a time.
  std::size_t allowance() const { return allowance_; }

  static constexpr std::size_t kLeast = 2;
  static constexpr std::size_t kMost = 256;
  static constexpr Duration kAhead = std::chrono::microseconds(300);

 private:
  Duration mean_ = kAhead;
  std::size_t allowance_ = kLeast;
};

}  // namespace troupe::pool
