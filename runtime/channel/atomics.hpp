// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>

namespace troupe::channel {

// The atomics that the lock-free parts are written against. Tests put a model in their place that runs all
// interleavings, store buffers included (tests/channel/model).
struct RealAtomics {
  template <class T>
  using Atomic = std::atomic<T>;

  // Orders a store before a later load of something else. Pairs with another such fence on the other side (Dekker).
  static void full_fence() noexcept {
#if defined(__SANITIZE_THREAD__)
    static std::atomic<int> dummy{0};  // ThreadSanitizer does not know fences; a read-modify-write orders the same
    dummy.fetch_add(0, std::memory_order_seq_cst);
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
  }

  // The same, right behind a read-modify-write of this thread: where those are full fences, nothing is left to do.
  static void full_fence_behind_update() noexcept {
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
    std::atomic_signal_fence(std::memory_order_seq_cst);
#else
    full_fence();
#endif
  }
};

}  // namespace troupe::channel
