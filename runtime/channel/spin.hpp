// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "platform/processor.hpp"

namespace troupe::channel {

// What a waiting thread knows of the machine, and can do there. Tests put a machine of their own in its place.
struct RealMachine {
  static std::uint64_t ticks() noexcept { return platform::ticks(); }
  static std::uint64_t ticks_per_microsecond() noexcept { return platform::ticks_per_microsecond(); }
  static std::uint32_t current_processor() noexcept { return platform::current_processor(); }
  static void pause() noexcept { platform::spin_pause(); }
  static void yield() noexcept { platform::yield_processor(); }
};

// How one reader waits before it sleeps in the kernel: it looks at its ring (spins) while the peer may be answering on
// another processor, and lets others run (yields) when the peer shares its own, or when looking has taken long. On a crowded
// machine the peers so hand their processor to each other without sleeping, and find their rings full when they come back.
// It learns from how its waits end, and needs nothing shared but the processor that the peer publishes: a count of spinners
// would not survive a crash, and is blind to quotas and other programs.
// Thread-safety: one thread at a time.
template <class Machine = RealMachine>
class BasicSpinPolicy {
 public:
  // `is_enabled` false: neither spins nor yields.
  explicit constexpr BasicSpinPolicy(bool is_enabled) : is_enabled_(is_enabled) {}

  bool is_enabled() const { return is_enabled_; }  // from any thread

  // Waits until ready() (true), or as long as it is likely to pay (false; perhaps not at all).
  template <class Ready>
  bool spin_until(Ready&& ready, std::uint32_t peer_processor) {
    if (!is_worthwhile()) return false;
    const std::uint64_t limit = Machine::ticks() + kLimitMicroseconds * Machine::ticks_per_microsecond();
    const bool is_peer_here = peer_processor == Machine::current_processor();
    bool looks = !is_peer_here;
    for (int lonely_yields = 0; lonely_yields < kLonelyYieldsForPeerHere || !is_peer_here;) {
      if (looks) {
        const Look seen = look(ready);
        if (seen == Look::ready) return succeeded();
        if (seen == Look::interrupted) return failed() || ready();
      }
      const Yield was = yield();
      if (ready()) return succeeded();
      if (was == Yield::very_long || Machine::ticks() > limit) return failed();
      if (was == Yield::lonely) ++lonely_yields;
      looks = !is_peer_here && was == Yield::lonely;
    }
    return failed();
  }

  // The reader has slept, and was woken by its peer after that many ticks. A short sleep says that spinning would have
  // been better, without trying.
  void slept(std::uint64_t ticks) {
    if (is_enabled_ && ticks < kLimitMicroseconds * Machine::ticks_per_microsecond()) forget_failures();
  }

  static constexpr std::uint64_t kLimitMicroseconds = 30;       // about what sleeping and waking cost both sides together, twice
  static constexpr std::uint64_t kLookMicroseconds = 3;         // several times what an answer from another processor takes
  static constexpr std::uint64_t kCrowdedLookMicroseconds = 1;  // about what a yield takes that somebody makes use of
  static constexpr std::uint64_t kGapMicroseconds = 5;          // a look takes 0.1: somebody else was running
  static constexpr std::uint64_t kLonelyMicroseconds = 2;       // a yield takes 0.5 when nobody else wants the processor
  static constexpr std::uint64_t kVeryLongMicroseconds = 1000;  // who ran meanwhile does not yield; sleepers come first there
  static constexpr std::uint32_t kMostSkipsLog2 = 6;

 private:
  enum class Look { ready, nothing, interrupted };
  enum class Yield { lonely, shared, very_long };

  static constexpr int kLooksPerClockRead = 8;
  static constexpr int kLonelyYieldsForPeerHere = 2;  // then the peer does not run here: it sleeps

  bool is_worthwhile() {
    if (!is_enabled_) return false;
    if (skips_left_ == 0) return true;
    --skips_left_;
    return false;
  }

  template <class Ready>
  Look look(Ready&& ready) {
    const std::uint64_t unit = Machine::ticks_per_microsecond();
    const std::uint64_t begin = Machine::ticks();
    const std::uint64_t limit = begin + (is_crowded_ ? kCrowdedLookMicroseconds : kLookMicroseconds) * unit;
    for (std::uint64_t before = begin; before < limit;) {
      for (int i = 0; i < kLooksPerClockRead; ++i) {
        if (ready()) return Look::ready;
        Machine::pause();
      }
      const std::uint64_t now = Machine::ticks();
      if (now - before > kGapMicroseconds * unit) return Look::interrupted;
      before = now;
    }
    return Look::nothing;
  }

  Yield yield() {
    const std::uint64_t begin = Machine::ticks();
    Machine::yield();
    const std::uint64_t away = Machine::ticks() - begin;
    is_crowded_ = away > kLonelyMicroseconds * Machine::ticks_per_microsecond();
    if (!is_crowded_) return Yield::lonely;
    return away > kVeryLongMicroseconds * Machine::ticks_per_microsecond() ? Yield::very_long : Yield::shared;
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

  void forget_failures() { failures_ = skips_left_ = 0; }

  const bool is_enabled_;
  bool is_crowded_ = false;       // the last yield gave the processor to somebody
  std::uint32_t failures_ = 0;    // in a row
  std::uint32_t skips_left_ = 0;  // waits that sleep at once
};

using SpinPolicy = BasicSpinPolicy<>;

}  // namespace troupe::channel
