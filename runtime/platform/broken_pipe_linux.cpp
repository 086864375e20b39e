// SPDX-License-Identifier: BSL-1.0
#include "platform/broken_pipe.hpp"

#include <csignal>

namespace troupe::platform {

void outlive_broken_pipes() noexcept { (void)::signal(SIGPIPE, SIG_IGN); }

}  // namespace troupe::platform
