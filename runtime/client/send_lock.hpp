// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

#include "platform/futex.hpp"
#include "platform/processor.hpp"

namespace troupe::client {

// The producer lock of a channel: a mutex of this process that is held for the time of writing one record. Its release is
// an atomic read-modify-write, in whose shadow the sender rings the host (DoorbellProtocol::look_behind_update); that, and
// no call into the C library, is what it has over std::mutex. Thread-safety: full. Not recursive, not fair.
class SendLock {
 public:
  SendLock() = default;
  SendLock(const SendLock&) = delete;
  SendLock& operator=(const SendLock&) = delete;

  // Blocks: while another thread holds it.
  void lock() noexcept {
    if (!try_lock()) lock_contended();
  }
  bool try_lock() noexcept {
    std::uint32_t seen = kFree;
    return word_.compare_exchange_strong(seen, kHeld, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    if (word_.exchange(kFree, std::memory_order_seq_cst) == kWaitedFor) {
      platform::futex_wake(word_, 1, platform::FutexScope::this_process);
    }
  }

 private:
  static constexpr std::uint32_t kFree = 0, kHeld = 1, kWaitedFor = 2;
  static constexpr int kLooks = 50;  // about what a record takes

  void lock_contended() noexcept {
    for (int looks = 0; looks < kLooks; ++looks) {
      platform::spin_pause();
      if (word_.load(std::memory_order_relaxed) == kFree && try_lock()) return;
    }
    while (word_.exchange(kWaitedFor, std::memory_order_acquire) != kFree) {
      platform::futex_wait(word_, kWaitedFor, platform::FutexScope::this_process);
    }
  }

  std::atomic<std::uint32_t> word_{kFree};
};

}  // namespace troupe::client
