// SPDX-License-Identifier: BSL-1.0
#include "supervision/hang_watch.hpp"

#include <algorithm>
#include <bit>

namespace troupe::supervision {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::hours kMost(24 * 365);  // no clock overflows

// The largest power of two of nanoseconds that fits: such grids share their points.
nanoseconds grid_within(nanoseconds most) {
  return nanoseconds(static_cast<nanoseconds::rep>(std::bit_floor(static_cast<std::uint64_t>(most.count()))));
}

}  // namespace

HangWatch::HangWatch(nanoseconds after, TimePoint now)
    : after_(std::clamp<nanoseconds>(after, kLeast, kMost)),
      interval_(grid_within(after_ / 4)),
      last_look_(now),
      next_finding_(after_) {}

HangWatch::Finding HangWatch::look(const Progress& seen, TimePoint now) {
  const nanoseconds passed = std::min(elapsed(last_look_, now), after_ / 2);
  last_look_ = std::max(last_look_, now);
  if (seen.method == 0 || seen != last_seen_) {
    last_seen_ = seen;
    running_for_ = {};
    next_finding_ = after_;
    return std::exchange(is_hung_, false) ? Finding::goes_on : Finding::nothing;
  }
  running_for_ += passed;
  if (running_for_ < next_finding_) return Finding::nothing;
  next_finding_ = running_for_ + after_;
  return std::exchange(is_hung_, true) ? Finding::still_hung : Finding::hung;
}

TimePoint HangWatch::next_look() const {
  const nanoseconds last = last_look_.time_since_epoch();
  const TimePoint on_grid(last - last % interval_ + interval_);
  return last_seen_.method == 0 ? on_grid : std::min(on_grid, last_look_ + (next_finding_ - running_for_));
}

}  // namespace troupe::supervision
