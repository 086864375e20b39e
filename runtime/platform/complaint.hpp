// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace troupe::platform {

// Writes to stderr, whatever that is: full, broken or closed, it makes nothing throw and raises no SIGPIPE. Cut after 4 KiB.
// Blocks: a second at most, while whoever reads stderr does not.
void write_to_stderr(std::string_view text) noexcept;

// Tells people what nobody else can be told: one line on stderr, under the library's name. Without memory for the text it is
// lost. Thread-safety: full.
void complain_with(fmt::string_view format, fmt::format_args arguments) noexcept;
template <class... Arguments>
void complain(fmt::format_string<Arguments...> format, const Arguments&... arguments) noexcept {
  complain_with(format, fmt::make_format_args(arguments...));
}

}  // namespace troupe::platform
