// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe {

// Turns a process that troupe has started in a role (manager, zygote, host) into that role, and then never returns; in an
// ordinary program it notes that it ran and returns. Call it first in main where main belongs to a framework; otherwise
// Runtime(argc, argv) does it. Without it nothing can be spawned: the processes that troupe starts are this same program.
void main_guard(int argc, char** argv);

}  // namespace troupe
