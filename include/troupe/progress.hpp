// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>

namespace troupe {

// How far a pool has come with all that it was given so far. Items of a map count one by one; what failed or was cancelled is
// done.
struct Progress {
  std::size_t done = 0;
  std::size_t total = 0;       // with what an imap or a map of an executor still has to take from a range that knows its size
  double per_second = 0;       // since the first was given
  bool is_total_known = true;  // else a range without a size is gone through, and total is what was taken from it so far
};

namespace detail {
class ProgressLine;
}

// For Pool::on_progress: draws a bar where the stream is a terminal (std::cout, std::cerr or std::clog on one), and writes a line
// elsewhere. The bar's line is ended when all is done, or when the last copy of this goes. The stream has to outlive the pool.
class ProgressBar {
 public:
  explicit ProgressBar(std::ostream& stream);
  void operator()(const Progress& progress) const;

 private:
  std::shared_ptr<detail::ProgressLine> line_;
};

inline ProgressBar progress_bar(std::ostream& stream) { return ProgressBar(stream); }

namespace detail {

class ProgressCallback {
 public:
  virtual ~ProgressCallback() = default;
  virtual void run(const Progress& progress) = 0;
};

}  // namespace detail
}  // namespace troupe
