// SPDX-License-Identifier: BSL-1.0
#include "platform/coarse_clock.hpp"

#include <ctime>

namespace troupe::platform {

std::chrono::nanoseconds coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace troupe::platform
