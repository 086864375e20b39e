// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "channel/atomics.hpp"

// How a reader that sleeps is woken by the other process, and only then. The reader publishes how it sleeps, looks at its
// ring once more, and sleeps; a writer publishes its record, and looks whether the reader sleeps. Both have a full fence
// between their store and their load, so at least one sees the other: no wake-up is lost, and an awake reader costs the
// writer one load.
namespace troupe::channel {

enum class Rest : std::uint32_t {
  awake = 0,  // it looks by itself, or nobody wants to know
  futex = 1,  // a thread sleeps on the doorbell word
  event = 2,  // a loop sleeps in the kernel on the reader's event
};

constexpr std::uint32_t kWantsRoom = 4;  // also to be woken when room has come free

// What a writer has to do after moving the doorbell.
struct Wake {
  bool futex = false;
  bool event = false;

  explicit operator bool() const { return futex || event; }
};

template <class Atomics = RealAtomics>
struct DoorbellWords {
  typename Atomics::template Atomic<std::uint32_t> state{0};      // Rest, and kWantsRoom
  typename Atomics::template Atomic<std::uint32_t> processor{0};  // that the reader last ran on
};

template <class Atomics = RealAtomics>
struct DoorbellProtocol {
  using Words = DoorbellWords<Atomics>;

  // Reader, before it sleeps. Afterwards it must look at its ring again, then sleep while the word holds the result.
  static std::uint32_t arm(Words& bell, Rest rest, bool wants_room = false) {
    const std::uint32_t value = static_cast<std::uint32_t>(rest) | (wants_room ? kWantsRoom : 0);
    bell.state.store(value, std::memory_order_relaxed);
    Atomics::full_fence();  // pairs with the one in look
    return value;
  }

  static void disarm(Words& bell) { bell.state.store(static_cast<std::uint32_t>(Rest::awake), std::memory_order_relaxed); }

  // A thread beside the sleeping reader wants room, too. Afterwards it must look for room again.
  static void ask_for_room(Words& bell) {
    bell.state.fetch_or(kWantsRoom, std::memory_order_relaxed);
    Atomics::full_fence();
  }

  // Writer, after publishing a record.
  static Wake look(Words& bell) {
    Atomics::full_fence();  // pairs with the one in arm
    return look_fenced(bell, ~0u);
  }

  // Writer, after giving room back.
  static Wake look_for_room(Words& bell) {
    Atomics::full_fence();
    return look_fenced(bell, kWantsRoom);
  }

  // Both, where an atomic read-modify-write lies between the publishing and this.
  static Wake look_behind_update(Words& bell, bool has_record) {
    Atomics::full_fence_behind_update();
    return look_fenced(bell, has_record ? ~0u : kWantsRoom);
  }

 private:
  static Wake look_fenced(Words& bell, std::uint32_t mask) {
    if ((bell.state.load(std::memory_order_relaxed) & mask) == 0) return {};
    return take(bell);
  }

  static Wake take(Words& bell) {
    const std::uint32_t seen = bell.state.exchange(static_cast<std::uint32_t>(Rest::awake), std::memory_order_relaxed);
    return {(seen & static_cast<std::uint32_t>(Rest::futex)) != 0, (seen & static_cast<std::uint32_t>(Rest::event)) != 0};
  }
};

}  // namespace troupe::channel
