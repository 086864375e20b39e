// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <stdexcept>
#include <string>

namespace troupe::command {

// What the process says at its end, to scripts. They are documented in README.md; scripts depend on their numbers.
enum class ExitCode : int {
  done = 0,
  failed = 1,      // what was asked for did not come to pass
  misused = 2,     // nobody can do what the command line says
  no_manager = 3,  // none of that name is running, or it cannot be told which one is meant
  no_actor = 4,    // the manager has none of that name
};

// Ends a command: one line for people, on stderr, which says what was wrong and what would be right.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& text) : std::runtime_error(text), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// One line on stderr, after the program's name; what others have written is spelled out in it as shown() does. What cannot be
// written is lost, and the exit code still tells.
void say(const std::string& text) noexcept;

}  // namespace troupe::command
