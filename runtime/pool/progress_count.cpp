// SPDX-License-Identifier: BSL-1.0
#include "pool/progress_count.hpp"

#include <algorithm>
#include <utility>

namespace troupe::pool {

bool ProgressCount::is_time_for_news() noexcept {
  constexpr std::chrono::milliseconds kOften(100);
  if (callback_ == nullptr || (is_all_done() ? has_told_end_ : Clock::now() - told_ < kOften)) return false;
  has_news_ = true;
  return true;
}

bool ProgressCount::expect(std::ptrdiff_t items, int unknown) noexcept {
  expected_ += items;
  unknown_ += unknown;
  if (items > 0 || unknown > 0) has_told_end_ = false;
  return is_all_done() && is_time_for_news();
}

std::shared_ptr<detail::ProgressCallback> ProgressCount::tell(std::shared_ptr<detail::ProgressCallback> callback) noexcept {
  return std::exchange(callback_, std::move(callback));
}

std::optional<ProgressCount::News> ProgressCount::take_news() noexcept {
  if (!std::exchange(has_news_, false) || callback_ == nullptr) return std::nullopt;
  told_ = Clock::now();
  const std::chrono::duration<double> span = told_ - first_given_;
  has_told_end_ = is_all_done();
  progress_.total = given_ + static_cast<std::size_t>(expected_);
  progress_.is_total_known = unknown_ == 0;
  progress_.per_second = static_cast<double>(progress_.done) / std::max(span.count(), 1e-9);
  return News{callback_, progress_};
}

}  // namespace troupe::pool
