// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe::platform {

// The stack of a thread that a fatal signal has stopped, as text: a line "FILE+0xADDRESS" for each frame, innermost first,
// with the address as the file's symbol tables count it; "0xADDRESS" for one that lies in no file. (symbols.hpp finds the
// names.) It lies in memory that outlives the process.
struct CrashTrace {
  static constexpr std::size_t kMostBytes = 8192 - sizeof(std::uint32_t);  // two pages, all told

  std::atomic<std::uint32_t> bytes{0};  // of `text`: whole lines
  std::array<char, kMostBytes> text;    // as the memory was
};

// For a handler of fatal signals, in the thread that crashed; `context` is the handler's third argument. Async-signal-safe:
// takes no lock and no memory. Where the stack is ruined the trace ends early; a fault met while reading it is caught.
// Once per process: a second one writes nothing.
void write_crash_trace(CrashTrace& trace, const void* context) noexcept;

}  // namespace troupe::platform
