// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/progress.hpp>

#include <iosfwd>

namespace troupe::detail {

// Where a ProgressBar writes: on a terminal it draws over what it has drawn, until the line is ended. Thread-safety: none.
class ProgressLine {
 public:
  ProgressLine(std::ostream& stream, bool is_terminal) : stream_(stream), is_terminal_(is_terminal) {}
  ~ProgressLine();  // ends the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);

 private:
  void draw(const Progress& progress);

  std::ostream& stream_;
  const bool is_terminal_;
  bool is_open_ = false;  // something is drawn on it
};

}  // namespace troupe::detail
