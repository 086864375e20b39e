// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "platform/crash_trace.hpp"
#include "platform/futex.hpp"
#include "platform/memory.hpp"

namespace troupe::platform {

// What a role process tells about itself while it runs, for readers that survive it. Written by its owner only.
struct LifeStatus {
  std::atomic<std::uint32_t> running_method{0};  // see wire/registry.hpp; 0: nothing of the actor's
  std::atomic<std::uint32_t> fatal_signal{0};    // set by the handler for fatal signals
  std::atomic<std::uint64_t> fault_address{0};   // with fatal_signal; see has_fault_address
  std::atomic<std::uint64_t> calls_handled{0};
  std::atomic<std::uint32_t> wanted_memory{0};     // 1: it ends because it can get none
  std::atomic<std::uint32_t> was_told_to_stop{0};  // 1: its end is not what it was doing
  std::atomic<std::uint32_t> stack_count{0};       // how often its stack was written while it lived (stack_request.hpp)
  std::atomic<std::uint64_t> calls_refused{0};     // of methods that did not come to run: together with calls_handled, all turns
  std::atomic<std::uint64_t> parts_ended{0};       // of methods that go on after their turns, between turns
  std::atomic<std::int64_t> running_since{0};      // coarse_now(), with running_method
  std::atomic<std::int64_t> crashed_at{0};         // likewise, with fatal_signal
  std::atomic<std::uint64_t> lost_output{0};       // bytes: see capture_output
  std::atomic<std::uint32_t> was_ended_by_caller{0};  // 1: a caller wanted the call that ran cancelled, by force
  std::atomic<std::uint32_t> has_fault_address{0};    // 1: also where that is 0, a null pointer
};

constexpr unsigned kLifeWordCount = 480;
constexpr std::size_t kLifeWordStride = 8;
constexpr std::size_t kLifePageBytes = 4096 + sizeof(CrashTrace);

// True for the value of a life word whose owner has died, is dying, or has left.
constexpr bool is_fallen(std::uint32_t word_value) { return (word_value & 0x40000000u) != 0 || word_value == 0; }

// The first net under a process's death: words that the kernel (robust futexes of one thread) marks and wakes before it
// tears the memory of the dead process down. A hint, never a verdict. Peers map the page read-only (LifeView).
// Thread-safety: raise_word and retire_word in the owning thread only; status() words are atomics; fall_all anywhere,
// also in signal handlers.
class LifePage {
 public:
  // Errors: std::system_error.
  LifePage();
  ~LifePage();  // every word falls
  LifePage(const LifePage&) = delete;
  LifePage& operator=(const LifePage&) = delete;

  // The calling thread becomes the owner: when it ends, for whatever reason, every raised word falls. Replaces this
  // thread's robust list, so the thread must not use robust mutexes. Once.
  void own_by_this_thread();
  // One more word, for one waiter (a killed owner wakes one); nullopt when all kLifeWordCount are taken (other nets serve then).
  std::optional<unsigned> raise_word();
  void retire_word(unsigned index);  // it falls, and may be raised again for somebody else

  // Marks and wakes every raised word. Async-signal-safe.
  void fall_all() noexcept;

  LifeStatus& status();
  CrashTrace& crash_trace();
  const SharedMemory& memory() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A peer's look at one process's life page. Copyable: copies share the mapping. Thread-safety: full.
class LifeView {
 public:
  LifeView() = default;
  // Errors: ProtocolError when the memory is not a life page.
  explicit LifeView(const SharedMemory& memory);

  const FutexWord& word(unsigned index) const;  // index < kLifeWordCount
  bool has_fallen(unsigned index) const { return is_fallen(word(index).load(std::memory_order_acquire)); }
  const LifeStatus& status() const;
  // After the process's end. Whatever it has written there: lines of printable characters.
  std::string crash_trace() const;
  // While it lives: its main thread's stack, if that was written after so many had been (LifeStatus::stack_count).
  std::optional<std::string> stack_after(std::uint32_t count) const;
  std::string last_words() const;
  std::string directory() const;
  bool lacked_memory() const;
  bool had_no_memory() const;
  explicit operator bool() const { return mapping_ != nullptr; }

 private:
  std::shared_ptr<const Mapping> mapping_;
};

// From here on fatal signals (SEGV, BUS, FPE, ILL, ABRT, TRAP, SYS, XCPU; on an alternate stack) and exit() mark `page` and
// wake its words before a core is written or exit handlers run slow; then the signal takes the course that it had before
// (the default). Between the two it leaves the stack, and what the process says of itself (crash_trace.hpp). `page` must
// live until the process ends. Once per process; in the main thread, which alone gets the alternate stack.
void mark_life_page_on_crash(LifePage& page);
// Exit handlers run last one first: to be called again when user code had an occasion to install its own (the actor has
// been constructed), so that the words fall before those.
void mark_life_page_before_exit_handlers();

}  // namespace troupe::platform
