// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/runtime.hpp>

#include <string>

namespace troupe::command {

// What all threads of that actor's process do now, for people. Blocks: as platform::thread_stacks_of. Errors: Failure.
std::string stack_text(Runtime& runtime, const std::string& name);

}  // namespace troupe::command
