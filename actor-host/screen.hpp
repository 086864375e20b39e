// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "platform/raw_terminal.hpp"

namespace troupe::command {

// The whole of the terminal at standard input and output, for as long as this lives; then it is as it was before. Keys come
// one by one, none of them is a signal. Thread-safety: none.
class Screen {
 public:
  // Errors: std::system_error, where one of the two is no terminal.
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  std::size_t rows() const { return terminal_.size().rows; }

  struct Line {
    std::string text{};  // without controls
    bool stands_out = false;
  };
  // What does not fit is cut off.
  void draw(const std::vector<Line>& lines) const;

  // A letter, or one of these.
  enum Key : int { end_of_input = 256, up, down, escape };
  // The next key that has been pressed. Blocks: until there is one.
  Key read_key();
  // Whether there are more that have been read already.
  bool has_key() const { return !unread_.empty(); }

 private:
  platform::RawTerminal terminal_;
  std::string unread_;
};

}  // namespace troupe::command
