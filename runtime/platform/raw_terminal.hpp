// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::platform {

// The terminal at standard input and output, for as long as this lives: keys come as they are pressed, without an echo, and none
// of them is a signal. Then it is as it was before. Thread-safety: none.
class RawTerminal {
 public:
  // Errors: std::system_error, where one of the two is no terminal.
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  struct Size {
    std::size_t columns;
    std::size_t rows;
  };
  Size size() const noexcept;

  // Blocks: while the terminal takes nothing. What one that is gone does not take is lost.
  void write(std::string_view text) const noexcept;
  // What has been pressed; empty: there will be no more. Blocks: until there is something.
  std::string read() const;

 private:
  struct Settings;
  std::unique_ptr<const Settings> former_;
};

}  // namespace troupe::platform
