// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace troupe::platform {

// The processor this thread runs on, without a system call (rseq); stale as soon as it is read.
std::uint32_t current_processor() noexcept;

// Processors that this process may use (affinity; and the cgroup's quota as it was when first asked, rounded up).
unsigned usable_processors() noexcept;

inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Lets other threads that want this processor run first. Blocks: half a microsecond when there is none; else until the
// scheduler comes back, milliseconds when they do not yield in turn.
void yield_processor() noexcept;

// A cheap, monotonic count that grows with time (the time-stamp counter); see ticks_per_microsecond().
inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  std::uint64_t count;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#endif
}

// Measured once against the steady clock (a fraction of a millisecond), then remembered; inherited by forked children.
std::uint64_t ticks_per_microsecond() noexcept;

}  // namespace troupe::platform
