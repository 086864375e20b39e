// SPDX-License-Identifier: BSL-1.0
#include "pool/progress_count.hpp"

#include <algorithm>
#include <utility>

namespace troupe::pool {

bool ProgressCount::is_time_for_news() noexcept {
  constexpr std::chrono::milliseconds kOften(100);
  if (progress_.done != progress_.total && Clock::now() - told_ < kOften) return false;
  has_news_ = true;
  return true;
}

std::shared_ptr<detail::ProgressCallback> ProgressCount::tell(std::shared_ptr<detail::ProgressCallback> callback) noexcept {
  return std::exchange(callback_, std::move(callback));
}

std::optional<ProgressCount::News> ProgressCount::take_news() noexcept {
  if (!std::exchange(has_news_, false) || callback_ == nullptr) return std::nullopt;
  told_ = Clock::now();
  const std::chrono::duration<double> span = told_ - first_given_;
  progress_.per_second = static_cast<double>(progress_.done) / std::max(span.count(), 1e-9);
  return News{callback_, progress_};
}

}  // namespace troupe::pool
