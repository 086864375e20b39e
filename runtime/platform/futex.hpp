// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

namespace troupe::platform {

using FutexWord = std::atomic<std::uint32_t>;
static_assert(FutexWord::is_always_lock_free && sizeof(FutexWord) == 4);

// Whether the word lies in memory that other processes map, too.
enum class FutexScope { this_process, shared };

enum class FutexWake { woken_or_changed, timed_out };

// Sleeps until woken, unless *word != expected. May wake spuriously (a signal counts as woken). A read-only mapping
// will do.
FutexWake futex_wait(const FutexWord& word, std::uint32_t expected, FutexScope scope,
                     std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

struct FutexTarget {
  const FutexWord* word;
  std::uint32_t expected;
  FutexScope scope;
};

constexpr std::size_t kMaxFutexTargets = 128;

// Sleeps until one of up to kMaxFutexTargets words was woken, unless one of them differs already (futex_waitv).
FutexWake futex_wait_any(std::span<const FutexTarget> targets,
                         std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

// False before Linux 5.16 and under seccomp profiles that refuse futex_waitv. Asked once, then remembered.
bool has_futex_wait_any();

// Wakes up to `count` sleepers.
void futex_wake(const FutexWord& word, int count, FutexScope scope);

}  // namespace troupe::platform
