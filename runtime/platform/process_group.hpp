// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/process.hpp"

namespace troupe::platform {

// From here on this process leads a group of its own: what it starts, and what those start, are in it, until they leave it
// by setsid or setpgid. What a terminal sends to its foreground group (SIGINT for Ctrl-C) does not come here any more.
// Errors: std::system_error.
void lead_process_group();

// Kills what is left of the group that a child of this process has led, when the child has ended and before it is reaped, in
// the thread that does that: afterwards its number, and that of its group, may be a stranger's. While it lives, once it is
// reaped, and without a group: nothing happens.
void kill_group_of(const Process& child) noexcept;
// Likewise, for a child that is known to have ended, and not to have been reaped.
void kill_group_of_zombie(int pid) noexcept;

}  // namespace troupe::platform
