// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>

namespace troupe::platform {

// The steady clock as of the kernel's last tick (1 to 10 ms ago): what it costs to read is a fraction of that of the steady
// clock, and of the time-stamp counter. It is the same for all processes.
std::chrono::nanoseconds coarse_now() noexcept;

}  // namespace troupe::platform
