// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <vector>

namespace troupe::supervision {

using TimePoint = std::chrono::steady_clock::time_point;

// How long from `start` to `now`: no less than zero, no more than the longest duration.
std::chrono::nanoseconds elapsed(TimePoint start, TimePoint now);

// At most so many restarts within so long, a sliding window that has both its ends: what is exactly `within` ago counts.
// Exact up to `kExact` restarts. Where more are allowed, those that lie close together (within / kExact) leave the window
// together, with the last of them: never too many restarts, and a bounded memory whatever the bounds are.
// Thread-safety: none.
class RestartWindow {
 public:
  static constexpr unsigned kExact = 256;

  RestartWindow() = default;  // allows none
  RestartWindow(unsigned max, Timeout within);

  // Whether one more restart is allowed at `now`; then it counts. A clock that runs back stands still. Allocates nothing.
  bool admit(TimePoint now);

  // Nothing counts any more.
  void clear();

 private:
  struct Batch {
    TimePoint first;
    TimePoint last;
    unsigned count;
  };

  Batch& oldest() { return ring_[oldest_]; }
  Batch& newest() { return ring_[(oldest_ + used_ - 1) % ring_.size()]; }
  void forget_before(TimePoint now);
  void count(TimePoint now);

  unsigned max_ = 0;
  Timeout within_{};
  unsigned counted_ = 0;  // in all batches
  std::vector<Batch> ring_{};
  std::size_t oldest_ = 0;
  std::size_t used_ = 0;
};

}  // namespace troupe::supervision
