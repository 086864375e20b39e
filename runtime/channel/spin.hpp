// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "platform/processor.hpp"

namespace troupe::channel {

// What a spinning thread knows of the machine. Tests put a machine of their own in its place.
struct RealMachine {
  static std::uint64_t ticks() noexcept { return platform::ticks(); }
  static std::uint64_t ticks_per_microsecond() noexcept { return platform::ticks_per_microsecond(); }
  static std::uint32_t current_processor() noexcept { return platform::current_processor(); }
  static void pause() noexcept { platform::spin_pause(); }
};

// Decides, for one reader, whether to watch its ring for a moment before it sleeps, and learns from how that ends. It
// needs nothing shared but the processor that the peer publishes: a count of spinners would not survive a crash, and is
// blind to quotas and other programs.
// Thread-safety: one thread at a time.
template <class Machine = RealMachine>
class BasicSpinPolicy {
 public:
  // `is_enabled` false: never spins.
  explicit BasicSpinPolicy(bool is_enabled) : is_enabled_(is_enabled) {}

  // Watches until ready() (true), or as long as it is likely to pay (false; perhaps not at all).
  template <class Ready>
  bool spin_until(Ready&& ready, std::uint32_t peer_processor) {
    if (!is_worthwhile(peer_processor)) return false;
    const std::uint64_t unit = Machine::ticks_per_microsecond();
    const std::uint64_t begin = Machine::ticks();
    for (std::uint64_t before = begin;;) {
      for (int i = 0; i < kLooksPerClockRead; ++i) {
        if (ready()) return succeeded();
        Machine::pause();
      }
      const std::uint64_t now = Machine::ticks();
      if (now - before > kGapMicroseconds * unit) return preempted() || ready();
      if (now - begin > kLimitMicroseconds * unit) return failed();
      before = now;
    }
  }

  // The reader has slept, and was woken by its peer after that many ticks. A short sleep says that spinning would have
  // been better, without trying.
  void slept(std::uint64_t ticks) {
    if (is_enabled_ && ticks < kLimitMicroseconds * Machine::ticks_per_microsecond()) forget_failures();
  }

  static constexpr std::uint64_t kLimitMicroseconds = 30;  // about what sleeping and waking cost both sides together, twice
  static constexpr std::uint64_t kGapMicroseconds = 5;     // a look takes 0.1: somebody else was running
  static constexpr std::uint32_t kMostSkipsLog2 = 6;

 private:
  static constexpr int kLooksPerClockRead = 8;

  bool is_worthwhile(std::uint32_t peer_processor) {
    if (!is_enabled_ || peer_processor == Machine::current_processor()) return false;
    if (skips_left_ == 0) return true;
    --skips_left_;
    return false;
  }

  bool succeeded() {
    forget_failures();
    return true;
  }

  bool failed() {
    failures_ = std::min(failures_ + 1, kMostSkipsLog2);
    skips_left_ = 1u << failures_;
    return false;
  }

  bool preempted() { return failed(); }

  void forget_failures() { failures_ = skips_left_ = 0; }

  bool is_enabled_;
  std::uint32_t failures_ = 0;    // in a row
  std::uint32_t skips_left_ = 0;  // waits that sleep at once
};

using SpinPolicy = BasicSpinPolicy<>;

}  // namespace troupe::channel
