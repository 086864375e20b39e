// SPDX-License-Identifier: BSL-1.0
#include "base/exit_text.hpp"

#include <fmt/core.h>

#include <cstring>

namespace troupe::detail {

std::string signal_text(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("signal {} (SIG{})", signal, name) : fmt::format("signal {}", signal);
}

std::string text_of_end(const ExitStatus& status) {
  return status.signal != 0 ? "was killed by " + signal_text(status.signal)
                            : fmt::format("exited with code {}", status.exit_code);
}

// What has no name of its own is described.
std::string text_of_running(const std::string& method) {
  const bool is_described =
      method.starts_with("constructor ") || method.starts_with("destructor ") || method.starts_with("function ");
  return fmt::format("while {}{} ran", is_described ? "the " : "", method);
}

}  // namespace troupe::detail
