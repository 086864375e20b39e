// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace troupe::platform {

// How much memory of a process is there that no file and nobody else's shared memory is behind (a forked one's counts whole).
// 0: unknown, it has ended.
std::uint64_t own_bytes_of(int pid) noexcept;

}  // namespace troupe::platform
