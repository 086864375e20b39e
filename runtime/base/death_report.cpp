// SPDX-License-Identifier: BSL-1.0
#include "base/death_report.hpp"

#include <troupe/error.hpp>

#include <chrono>

namespace troupe {

namespace detail {

void DeathReport::note(const DeathCause& partial) {
  const std::lock_guard lock(mutex_);
  if (!is_complete_) cause_ = partial;
}

void DeathReport::complete(const DeathCause& cause) {
  const std::lock_guard lock(mutex_);
  if (is_complete_) return;
  cause_ = cause;
  is_complete_ = true;
  completed_.notify_all();
}

DeathCause DeathReport::wait(Timeout timeout) const {
  std::unique_lock lock(mutex_);
  completed_.wait_until(lock, timeout.after(std::chrono::steady_clock::now()), [&] { return is_complete_; });
  return cause_;
}

}  // namespace detail

}  // namespace troupe
