// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe::platform {

// From here on a write to a pipe that nobody reads fails instead of ending this process (SIGPIPE is ignored). For roles
// that run no user code: their last words on stderr must not be their end. Children in a role have the default again.
void outlive_broken_pipes() noexcept;

}  // namespace troupe::platform
