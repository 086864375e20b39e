// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace troupe::platform {

// Throws std::system_error: `what` says what was tried, `number` is the errno of the call that failed;
// the text has the remedy, too.
[[noreturn]] void throw_os_error(int number, const std::string& what);

// The system's words for an errno, and what to do about it.
std::string os_reason(int number);

// What to do when something has run out, in parentheses, behind a space; empty for all other errors. EAGAIN: of making a
// process or a thread.
const char* os_remedy(int number);

}  // namespace troupe::platform
