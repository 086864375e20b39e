// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace troupe::platform {

// Throws std::system_error: `what` says what was tried, `number` is the errno of the call that failed.
[[noreturn]] void throw_os_error(int number, const std::string& what);

// The system's words for an errno.
std::string os_reason(int number);

}  // namespace troupe::platform
