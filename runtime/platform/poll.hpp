// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>

namespace troupe::platform {

enum class ReadyTo { read, write };

// Whether the open file is ready; a hang-up or an error counts, so that the call that follows can tell. Blocks: until
// then, or until `deadline` (false). Errors: std::system_error.
bool wait_ready(int descriptor, ReadyTo what, std::chrono::steady_clock::time_point deadline);

}  // namespace troupe::platform
