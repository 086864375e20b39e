// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <span>
#include <vector>

namespace troupe::platform {

enum class ReadyTo { read, write };

// Whether the open file is ready; a hang-up or an error counts, so that the call that follows can tell. Blocks: until
// then, or until `deadline` (false). Errors: std::system_error.
bool wait_ready(int descriptor, ReadyTo what, std::chrono::steady_clock::time_point deadline);

// Which of these open files are ready to be read, likewise. Blocks: until one is, or a signal has been handled (then none is).
// Errors: std::system_error.
std::vector<bool> wait_readable(std::span<const int> descriptors);

}  // namespace troupe::platform
