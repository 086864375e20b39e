// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace troupe::platform {

// How much memory this process can still be given: what the machine has available, and what its control groups allow.
// Past that the kernel does not refuse, it kills processes, anybody's. Reads some files: not for every call. A guess by
// nature, since others ask, too.
std::size_t memory_headroom_bytes();

}  // namespace troupe::platform
