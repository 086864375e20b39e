// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>

#include "channel/atomics.hpp"
#include "platform/futex.hpp"
#include "platform/processor.hpp"

// The life of a result, as bits of its cell's status word, on which its waiters sleep, too.
//
//   pending ------------ start ----> running    by hand only: it can no longer be cancelled
//   pending ------------ cancel ---> claimed    by hand only; of starting and cancelling, one wins
//   pending, running --- claim ----> claimed    whoever does that makes the outcome, alone
//   claimed ------------ store ----> stored     the outcome is there, for callbacks; no callback is accepted any more
//   stored ------------- release --> released   ... and for everybody; who sleeps is woken
//
// An outcome may be stored as an arrival, which is decoded once, by whoever looks at it first. Each transition is an atomic
// update whose result says who made it; none follows from a read.
namespace troupe::client {

// They are only ever added, but for kPromoted and kNudged.
struct CellStatus {
  static constexpr std::uint32_t kClaimed = 1 << 0;    // somebody completes it
  static constexpr std::uint32_t kStored = 1 << 1;     // the outcome is there, for callbacks
  static constexpr std::uint32_t kReleased = 1 << 2;   // ... and for everybody
  static constexpr std::uint32_t kDecoded = 1 << 3;    // no arrival is left to decode
  static constexpr std::uint32_t kDecoding = 1 << 4;   // somebody decodes the arrival
  static constexpr std::uint32_t kSleeper = 1 << 5;    // somebody sleeps on the word
  static constexpr std::uint32_t kPromoted = 1 << 6;   // a sleeper shall become the channel's reader
  static constexpr std::uint32_t kCallbacks = 1 << 7;  // callbacks have been registered
  static constexpr std::uint32_t kWatched = 1 << 8;    // the channel's count of watched cells includes it
  static constexpr std::uint32_t kStarted = 1 << 9;    // one that is completed by hand: it can no longer be cancelled
  static constexpr std::uint32_t kForced = 1 << 10;    // cancelled by force: if its actor dies, that is why
  static constexpr std::uint32_t kWaiters = 1 << 11;   // waiters have been registered
  static constexpr std::uint32_t kWanted = 1 << 12;    // a callback waits for it, or for one that is made of it
  static constexpr std::uint32_t kUnwanted = 1 << 13;  // cancelled while it ran: it is not tried again
  static constexpr std::uint32_t kNudged = 1 << 14;    // the one wait that can end without the outcome shall end
};

// What the protocol is written against. Tests put a model in its place that runs all interleavings (tests/client/model).
struct CellAtomics : channel::RealAtomics {
  using Deadline = std::chrono::steady_clock::time_point;

  static void sleep(const Atomic<std::uint32_t>& word, std::uint32_t seen, Deadline deadline = Deadline::max()) {
    platform::futex_wait(word, seen, platform::FutexScope::this_process, deadline);
  }
  static bool has_passed(Deadline deadline) {
    return deadline != Deadline::max() && std::chrono::steady_clock::now() >= deadline;
  }
  static void wake_all(const Atomic<std::uint32_t>& word) {
    platform::futex_wake(word, INT32_MAX, platform::FutexScope::this_process);
  }
  // Before a word is looked at again that another thread is about to change.
  template <class T>
  static void await_change(const Atomic<T>&) {
    platform::yield_processor();
  }
};

template <class Atomics = CellAtomics>
struct CellProtocol {
  using Word = typename Atomics::template Atomic<std::uint32_t>;
  using Bits = CellStatus;
  using Deadline = typename Atomics::Deadline;

  static bool has(const Word& status, std::uint32_t bits) { return (status.load(std::memory_order_acquire) & bits) != 0; }

  // ---- who makes the outcome

  // True once: for whoever makes it.
  static bool claim(Word& status) noexcept {
    return (status.fetch_or(Bits::kClaimed, std::memory_order_acq_rel) & Bits::kClaimed) == 0;
  }

  // False: it is claimed.
  static bool start(Word& status) noexcept {
    std::uint32_t seen = status.load(std::memory_order_acquire);
    do {
      if ((seen & Bits::kClaimed) != 0) return false;
    } while (!status.compare_exchange_weak(seen, seen | Bits::kStarted, std::memory_order_acq_rel));
    return true;
  }

  // It has started, and is not claimed yet.
  static bool is_running(const Word& status) {
    return (status.load(std::memory_order_acquire) & (Bits::kStarted | Bits::kClaimed)) == Bits::kStarted;
  }

  enum class Cancel {
    won,      // it is claimed, by this
    started,  // it goes on
    claimed,  // by somebody else: there is an outcome, or is about to be
  };
  static Cancel cancel(Word& status) noexcept {
    std::uint32_t seen = status.load(std::memory_order_acquire);
    do {
      if ((seen & Bits::kClaimed) != 0) return Cancel::claimed;
      if ((seen & Bits::kStarted) != 0) return Cancel::started;
    } while (!status.compare_exchange_weak(seen, seen | Bits::kClaimed, std::memory_order_acq_rel));
    return Cancel::won;
  }

  // ---- making it known

  // Claims, stores and releases a value that has been made without a claim. The usual case: nobody has touched the cell. False:
  // nothing has happened. Release: the value is visible to whoever sees the bits.
  static bool complete_untouched(Word& status) {
    std::uint32_t untouched = 0;
    constexpr std::uint32_t kDone = Bits::kClaimed | Bits::kStored | Bits::kReleased | Bits::kDecoded;
    return status.compare_exchange_strong(untouched, kDone, std::memory_order_acq_rel);
  }

  // Stores and releases. The usual case: nobody sleeps, no callbacks. False: nothing has happened. `outcome`: kStored, and
  // kDecoded where no arrival is left. Release: the outcome is visible to whoever sees the bits.
  static bool publish_unobserved(Word& status, std::uint32_t outcome) {
    std::uint32_t seen = Bits::kClaimed;
    return status.compare_exchange_strong(seen, seen | outcome | Bits::kReleased, std::memory_order_acq_rel);
  }

  // Gives the bits that it had before; no callback is accepted since.
  static std::uint32_t store(Word& status, std::uint32_t outcome) { return status.fetch_or(outcome, std::memory_order_acq_rel); }

  static void release(Word& status) {
    if ((status.fetch_or(Bits::kReleased, std::memory_order_acq_rel) & Bits::kSleeper) != 0) Atomics::wake_all(status);
  }

  // The channel's count includes it from here on. False when it does already, or the outcome is there.
  static bool watch(Word& status) {
    return (status.fetch_or(Bits::kWatched, std::memory_order_acq_rel) & (Bits::kStored | Bits::kWatched)) == 0;
  }

  // ---- waiting; `until` are the bits that end it: kReleased, or kStored in a callback; beside it kNudged, where that can come

  // Gives the value that the word must have for the caller to sleep; 0: it must look again.
  static std::uint32_t announce_sleep(Word& status, std::uint32_t until) {
    const std::uint32_t seen = status.fetch_or(Bits::kSleeper, std::memory_order_acq_rel) | Bits::kSleeper;
    return (seen & (until | Bits::kPromoted)) != 0 ? 0 : seen;
  }

  // Until the word changes, or has been found changed.
  static void sleep(Word& status, std::uint32_t until, Deadline deadline) {
    if (const std::uint32_t seen = announce_sleep(status, until)) {
      Atomics::sleep(status, seen, deadline);
    } else {
      take_promotion(status);
    }
  }

  // False: the deadline has passed.
  static bool await(Word& status, std::uint32_t until, Deadline deadline) {
    while (!has(status, until)) {
      sleep(status, until, deadline);
      if (Atomics::has_passed(deadline)) return has(status, until);
    }
    return true;
  }

  // Whoever sleeps looks again.
  static void promote(Word& status) {
    if ((status.fetch_or(Bits::kPromoted, std::memory_order_acq_rel) & Bits::kSleeper) != 0) Atomics::wake_all(status);
  }
  static bool take_promotion(Word& status) {
    return (status.fetch_and(~Bits::kPromoted, std::memory_order_acq_rel) & Bits::kPromoted) != 0;
  }

  // Ends the wait whose `until` has kNudged, though the outcome is not there: its word of that is written before. Of a promotion
  // such a wait might not learn, since another one that sleeps on the cell may take it first; this stays until end_nudge().
  static void nudge(Word& status) {
    if ((status.fetch_or(Bits::kNudged, std::memory_order_acq_rel) & Bits::kSleeper) != 0) Atomics::wake_all(status);
  }
  // By the wait that was nudged, when it has ended and no nudge can come any more.
  static void end_nudge(Word& status) { status.fetch_and(~Bits::kNudged, std::memory_order_acq_rel); }

  // ---- decoding

  // Of one that is stored: `decode` is run once, by whoever comes first; all others wait until it has been.
  template <class Decode>
  static void decode_once(Word& status, const Decode& decode) {
    std::uint32_t seen = status.load(std::memory_order_acquire);
    while ((seen & Bits::kDecoded) == 0) {
      if ((seen & Bits::kDecoding) != 0) {
        seen = status.fetch_or(Bits::kSleeper, std::memory_order_acq_rel) | Bits::kSleeper;
        if ((seen & Bits::kDecoded) == 0) Atomics::sleep(status, seen);
        seen = status.load(std::memory_order_acquire);
      } else if (status.compare_exchange_weak(seen, seen | Bits::kDecoding, std::memory_order_acq_rel)) {
        decode();
        seen = status.fetch_or(Bits::kDecoded, std::memory_order_acq_rel) | Bits::kDecoded;
        if ((seen & Bits::kSleeper) != 0) Atomics::wake_all(status);
      }
    }
  }
};

}  // namespace troupe::client
