// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

// What the C library's allocator does with large blocks that were freed. Another allocator that a program brings along is
// not told.
namespace troupe::platform {

// From here on the next large block is cut from what the last ones left, up to `bytes` of it. Otherwise each is new memory,
// which the kernel clears: that takes three times as long as filling it.
void keep_freed_memory(std::size_t bytes) noexcept;

// Gives what is free back to the system. Blocks: a moment for each free block.
void give_back_freed_memory() noexcept;

}  // namespace troupe::platform
