// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/function.hpp"
#include "manager/loop.hpp"
#include "manager/output_lines.hpp"
#include "platform/handle.hpp"
#include "platform/output_pipe.hpp"

namespace troupe::manager {

// What one process prints: reads it as it comes, keeps the last lines of stderr, and hands all on. Reading never blocks, and is
// done in turns: who prints without end takes the loop from nobody. Thread-safety: the loop's thread.
class CapturedOutput {
 public:
  using OnLines = Function<void(OutputStream stream, std::vector<std::string> lines)>;

  // Errors: std::system_error.
  CapturedOutput(Loop& loop, OnLines on_lines);
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  // The process's ends of stdout and stderr: reader and writer of each. Borrowed.
  std::array<int, 4> handles() const;
  // The process has them.
  void release_handles();

  // It has ended: reads what it has left. What it had started may still hold the other end, and write: that counts no more.
  void finish();
  std::vector<std::string> tail() const { return tail_.lines(); }

 private:
  struct Stream {
    platform::OutputPipe pipe = platform::OutputPipe::create();     // the process's
    platform::Handle reader = platform::opened_again(pipe.reader);  // ours
    OutputLines lines{};
    std::unique_ptr<HandleWatch> watch{};
  };

  platform::OutputRead read(OutputStream which);
  void hand_on(OutputStream which, std::vector<std::string> lines);
  Stream& stream(OutputStream which) { return streams_[static_cast<std::size_t>(which)]; }

  OnLines on_lines_;
  std::array<Stream, 2> streams_{};
  OutputTail tail_;
};

}  // namespace troupe::manager
