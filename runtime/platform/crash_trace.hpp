// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe::platform {

// The stack of a thread that a signal has stopped, fatal or not, as text: a line "FILE+0xADDRESS" for each frame, innermost
// first, with the address as the file's symbol tables count it; "0xADDRESS" for one that lies in no file. (symbols.hpp finds the
// names.) It lies in memory that outlives the process.
struct CrashTrace {
  static constexpr std::size_t kBytes = 8192;
  static constexpr std::size_t kMostWords = 1000;
  static constexpr std::size_t kMostDirectory = 1000;
  static constexpr std::size_t kProbeBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMostBytes = kBytes - kMostWords - kMostDirectory - 4 * sizeof(std::uint32_t);

  std::atomic<std::uint32_t> bytes{0};          // of `text`: whole lines
  std::atomic<std::uint32_t> word_bytes{0};     // of `words`
  std::atomic<std::uint32_t> lacked_memory{0};  // 1: the exception that ended it was a std::bad_alloc
  std::atomic<std::uint32_t> had_no_memory{0};  // 1: when it crashed it could not get kProbeBytes more
  std::array<char, kMostBytes> text;            // as the memory was, like this one:
  std::array<char, kMostWords> words;           // why, in words: the assertion, the exception that nobody caught
  std::array<char, kMostDirectory> directory;   // that it was in, up to a zero; empty: it is longer
};
static_assert(sizeof(CrashTrace) == CrashTrace::kBytes);

// For a handler of fatal signals, in the thread that crashed; `context` is the handler's third argument. Async-signal-safe:
// takes no lock and no memory. Where the stack is ruined, or what the loader knows, the trace ends early: a fault that is met
// there is caught. Once per process.
void write_crash_trace(CrashTrace& trace, const void* context) noexcept;
// Likewise for a handler of a signal that is not fatal, as often as need be: the thread goes on afterwards. A fault that another
// thread meets meanwhile is handled as ever. False: a thread has crashed, and the trace is its.
bool write_stack_trace(CrashTrace& trace, const void* context) noexcept;

// For a handler of fatal signals, likewise: where a core will be written.
void write_directory(CrashTrace& trace) noexcept;

// For a handler of fatal signals, likewise: whether there was memory left. C code that got none meets a null pointer.
void write_whether_memory_was_left(CrashTrace& trace) noexcept;

// For a handler of SIGABRT, likewise: what the C library says of an assertion that failed, or of a heap that is damaged.
void write_abort_words(CrashTrace& trace) noexcept;
// For a handler of SIGSEGV, likewise: when that was the thread's stack, which has grown as far as it may.
void write_overflow_words(CrashTrace& trace, std::uintptr_t fault_address, const void* context) noexcept;
// From here on an exception that nobody catches leaves its type and text in `trace`, before std::terminate goes on.
void write_words_of_uncaught_exceptions(CrashTrace& trace);

}  // namespace troupe::platform
