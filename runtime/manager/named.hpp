// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <string>

#include "base/function.hpp"

namespace troupe::manager {

// How to be a named manager.
struct ServeOptions {
  // 1 to 64 letters, digits, '.', '_' or '-', and no '.' first.
  std::string name{};
  // What SIGTERM and SIGINT give actors to stop in. A second signal kills those that are left.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);
  // Once, in the calling thread: from here on Runtime::connect(name) works.
  Function<void()> on_ready{};
};

// Makes this process the manager of that name, for all programs of this user that call Runtime::connect(name). Once in a
// process; the guard must have run. Returns the exit code for main, which should be left soon: clients see the manager gone then.
// Blocks: until SIGTERM or SIGINT has come and all actors have stopped, and been reaped.
// Errors: std::invalid_argument (the name); DuplicateName, with the process that has it; StartError (the directory of named
// managers is not this user's alone); std::logic_error (no guard, or served before); std::system_error.
int serve(const ServeOptions& options);

}  // namespace troupe::manager
