// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "platform/handle.hpp"

namespace troupe::platform {

// What a process prints, on its way to another one. The pipe itself is the memory for it: what has been written is there for the
// reader, also when the writer was killed in the very next instant.
struct OutputPipe {
  Handle reader;  // never blocks
  Handle writer;

  // Errors: std::system_error.
  static OutputPipe create();
};

// A reader of the same pipe that never blocks, whatever who has the other one makes of that: flags belong to an opened file, and
// whoever is sent one shares them. Errors: std::system_error.
Handle opened_again(const Handle& reader);

// From here on stdout and stderr of this process, and of what it starts, go into these pipes; stdout line by line. Whoever else
// reads them may be slow, stopped or gone: what is printed waits for a reader 50 ms at most; then the oldest is dropped here,
// and counted in `lost_bytes`, until somebody reads again. While this process lives nothing that is printed can end it (the
// pipes have a reader: this process). Once per process; `lost_bytes` must live until it ends.
// Errors: std::system_error; then some of it may go into the pipes.
void capture_output(OutputPipe out, OutputPipe err, std::atomic<std::uint64_t>& lost_bytes);

// As much as there is now and `buffer` takes. `is_ended`: nobody is left who could write more.
struct OutputRead {
  std::size_t bytes = 0;
  bool is_ended = false;
};
OutputRead read_output(const Handle& reader, std::span<char> buffer) noexcept;

}  // namespace troupe::platform
