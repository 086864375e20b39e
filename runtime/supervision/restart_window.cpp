// SPDX-License-Identifier: BSL-1.0
#include "supervision/restart_window.hpp"

namespace troupe::supervision {

std::chrono::nanoseconds elapsed(TimePoint start, TimePoint now) {
  using std::chrono::nanoseconds;
  if (now <= start) return nanoseconds::zero();
  const bool is_too_long = start < TimePoint{} && now > TimePoint::max() + start.time_since_epoch();
  return is_too_long ? nanoseconds::max() : std::chrono::duration_cast<nanoseconds>(now - start);
}

RestartWindow::RestartWindow(unsigned max, Timeout within) : max_(max), within_(within) {}

bool RestartWindow::admit(TimePoint now) {
  if (!batches_.empty() && now < batches_.back().last) now = batches_.back().last;
  forget_before(now);
  if (counted_ >= max_) return false;
  count(now);
  return true;
}

void RestartWindow::forget_before(TimePoint now) {
  auto kept = batches_.begin();
  for (; kept != batches_.end() && elapsed(kept->last, now) > within_.span(); ++kept) counted_ -= kept->count;
  batches_.erase(batches_.begin(), kept);
}

void RestartWindow::count(TimePoint now) {
  const std::chrono::nanoseconds width(max_ > kExact ? within_.span().count() / kExact : 0);
  const bool is_near = !batches_.empty() && elapsed(batches_.back().first, now) <= width;
  if (!is_near) batches_.push_back({now, now, 0});
  batches_.back().last = now;
  ++batches_.back().count;
  ++counted_;
}

}  // namespace troupe::supervision
