// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe::platform {

// From here on this process may hold as many handles as the system lets it (the soft limit becomes the hard one). What it
// launches has the former limit again: a program may rely on that, as those that call select() do.
void raise_handle_limit() noexcept;

// The limit before that, if it was raised. Async-signal-safe.
void restore_handle_limit() noexcept;

}  // namespace troupe::platform
