// SPDX-License-Identifier: BSL-1.0
#include <malloc.h>

#include <algorithm>
#include <climits>

#include "platform/heap.hpp"

namespace troupe::platform {

void keep_freed_memory(std::size_t bytes) noexcept {
  ::mallopt(M_MMAP_THRESHOLD, INT_MAX);
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(std::min<std::size_t>(bytes, INT_MAX)));
}

void give_back_freed_memory() noexcept { ::malloc_trim(0); }

}  // namespace troupe::platform
