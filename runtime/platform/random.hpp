// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace troupe::platform {

// From the kernel (getrandom), never from a seed that forked processes share.
std::uint64_t random_bits();

}  // namespace troupe::platform
