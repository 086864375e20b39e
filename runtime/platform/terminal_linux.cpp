// SPDX-License-Identifier: BSL-1.0
#include "platform/terminal.hpp"

#include <unistd.h>

namespace troupe::platform {

bool is_terminal(StandardStream stream) noexcept { return ::isatty(static_cast<int>(stream)) != 0; }

}  // namespace troupe::platform
