// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fmt/core.h>

#include <exception>
#include <string_view>
#include <utility>

namespace troupe::platform {

// Writes to stderr, whatever that is: full, broken or closed, it makes nothing throw and raises no SIGPIPE. Cut after 4 KiB.
// Blocks: a second at most, while whoever reads stderr does not.
void write_to_stderr(std::string_view text) noexcept;

// Tells people what nobody else can be told: one line on stderr, under the library's name. Thread-safety: full.
template <class... Arguments>
void complain(fmt::format_string<Arguments...> format, Arguments&&... arguments) noexcept {
  try {
    write_to_stderr("troupe: " + fmt::format(format, std::forward<Arguments>(arguments)...) + '\n');
  } catch (const std::exception&) {  // no memory for the text: it is lost
  }
}

}  // namespace troupe::platform
