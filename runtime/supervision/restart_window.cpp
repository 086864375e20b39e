// SPDX-License-Identifier: BSL-1.0
#include "supervision/restart_window.hpp"

#include <algorithm>

namespace troupe::supervision {

std::chrono::nanoseconds elapsed(TimePoint start, TimePoint now) {
  using std::chrono::nanoseconds;
  if (now <= start) return nanoseconds::zero();
  const bool is_too_long = start < TimePoint{} && now > TimePoint::max() + start.time_since_epoch();
  return is_too_long ? nanoseconds::max() : std::chrono::duration_cast<nanoseconds>(now - start);
}

// The last of the oldest batch is in the window, so its first is no more than a width before it; the others begin more than
// a width apart. That is room for kExact + 1 at most.
RestartWindow::RestartWindow(unsigned max, Timeout within) : max_(max), within_(within), ring_(std::min(max, kExact + 1)) {}

bool RestartWindow::admit(TimePoint now) {
  if (used_ != 0) now = std::max(now, newest().last);
  forget_before(now);
  if (counted_ >= max_) return false;
  count(now);
  return true;
}

void RestartWindow::clear() {
  counted_ = 0;
  used_ = 0;
}

void RestartWindow::forget_before(TimePoint now) {
  while (used_ != 0 && elapsed(oldest().last, now) > within_.span()) {
    counted_ -= oldest().count;
    oldest_ = (oldest_ + 1) % ring_.size();
    --used_;
  }
}

void RestartWindow::count(TimePoint now) {
  const std::chrono::nanoseconds width(max_ > kExact ? within_.span().count() / kExact : 0);
  if (used_ == 0 || elapsed(newest().first, now) > width) {
    ++used_;
    newest() = {now, now, 0};
  }
  newest().last = now;
  ++newest().count;
  ++counted_;
}

}  // namespace troupe::supervision
