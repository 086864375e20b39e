// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::manager {

// Makes lines of what comes in pieces, for reports and terminals: what controls a terminal, and what is no UTF-8, reads as \x1b;
// a tab stays. A value; pure.
class OutputLines {
 public:
  static constexpr std::size_t kMostLineBytes = 4096;  // of its bytes; what is longer comes in pieces

  // The lines that are complete now, without their ends.
  std::vector<std::string> add(std::string_view bytes);
  // What has come since the last one; empty: nothing.
  std::string rest();

 private:
  std::string line_;
};

// The last lines of what was printed, so much as a report can carry. A value; pure.
class OutputTail {
 public:
  static constexpr std::size_t kMostLines = 50;
  static constexpr std::size_t kMostBytes = 12 * 1024;     // of all lines
  static constexpr std::size_t kMostLineBytes = 2 * 1024;  // of one, which is cut

  void add(const std::string& line);
  std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }

 private:
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::manager
