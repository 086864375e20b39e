// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>
#include <system_error>

namespace troupe::wire {

// The error category of that name: one of the standard library's; for any other name one that has the name and nothing else,
// the same object each time, so that codes of it compare equal to each other and to no std::errc. Thread-safety: full.
const std::error_category& category_named(std::string_view name);

}  // namespace troupe::wire
