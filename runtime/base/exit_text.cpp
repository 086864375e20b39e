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

}  // namespace troupe::detail
