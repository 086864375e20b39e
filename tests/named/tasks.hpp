// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

namespace troupe::test {

// What a second client does with the manager of that name, as told by its arguments, each step said on standard output:
// spawn ACTOR, detach ACTOR, detach_again ACTOR (restarted after crashes): a Counter from 10, its pid; find ACTOR: adds 5 to one;
// hang ACTOR: a Counter from 10 that will not stop. Then it waits for the end of standard input, shuts down, and says what it
// had to kill. Returns the exit code.
int be_client(const std::string& manager, const std::vector<std::string>& task);

}  // namespace troupe::test
