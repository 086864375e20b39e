// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

// Between steady_clock, which is CLOCK_MONOTONIC here, and the kernel's timespec. Used by *_linux.cpp only.
namespace troupe::platform {

// A timespec for the kernel; null when the deadline is time_point::max(), which means "never" there, too.
class KernelTime {
 public:
  using Clock = std::chrono::steady_clock;

  static KernelTime at(Clock::time_point deadline) { return {deadline.time_since_epoch(), deadline == Clock::time_point::max()}; }
  static KernelTime until(Clock::time_point deadline) {
    const bool is_endless = deadline == Clock::time_point::max();
    return {is_endless ? Clock::duration::zero() : deadline - Clock::now(), is_endless};
  }

  const timespec* get() const { return is_endless_ ? nullptr : &time_; }

 private:
  KernelTime(Clock::duration time, bool is_endless) : is_endless_(is_endless) {
    const auto span = std::max(time, Clock::duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(span);
    time_.tv_sec = static_cast<time_t>(seconds.count());
    time_.tv_nsec = static_cast<long>(std::chrono::nanoseconds(span - seconds).count());
  }

  timespec time_{};
  bool is_endless_;
};

}  // namespace troupe::platform
