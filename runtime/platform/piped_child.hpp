// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/handle.hpp"
#include "platform/process.hpp"

namespace troupe::platform {

// This very executable once more, as a program with other arguments, and pipes at its standard input and output. With this
// object its input ends, and it has a second to end then; afterwards it is killed, and reaped (unless somebody else does that).
// Thread-safety: none.
class PipedChild {
 public:
  // `arguments`: with the program's name. Blocks: until it has said its first line, or has closed its output.
  // Errors: std::system_error.
  explicit PipedChild(std::vector<std::string> arguments);
  ~PipedChild();
  PipedChild(const PipedChild&) = delete;
  PipedChild& operator=(const PipedChild&) = delete;

  // Without its end; empty: it has said none.
  const std::string& first_line() const { return first_line_; }
  // To its input. To one that has gone: nothing happens, where SIGPIPE is ignored.
  void write(std::string_view text) const noexcept;

 private:
  void read_first_line(const Handle& output);

  Process process_;
  Handle input_;
  std::string first_line_{};
};

}  // namespace troupe::platform
