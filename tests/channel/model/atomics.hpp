// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "explorer.hpp"

// Stand-ins for what the channel room's templates use: std::atomic, fences, futexes, eventfds.
namespace troupe::model {

template <class T>
std::uint64_t word_of(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<std::uintptr_t>(value);
  } else {
    return static_cast<std::uint64_t>(value);
  }
}
template <class T>
T from_word(std::uint64_t word) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<T>(word);
  } else {
    return static_cast<T>(word);
  }
}

// In the shape of std::atomic. Under x86-TSO the orders make no difference but for sequentially consistent stores.
template <class T>
class Atomic {
 public:
  explicit Atomic(T value = T{}) { add(location_, word_of(value)); }
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(std::memory_order = std::memory_order_seq_cst) const { return from_word<T>(model::load(location_)); }

  void store(T value, std::memory_order order = std::memory_order_seq_cst) {
    model::store(location_, word_of(value));
    if (order == std::memory_order_seq_cst) fence();
  }

  T exchange(T value, std::memory_order = std::memory_order_seq_cst) {
    return update([&](T) { return value; });
  }
  T fetch_add(T value, std::memory_order = std::memory_order_seq_cst) {
    return update([&](T old) { return static_cast<T>(old + value); });
  }
  T fetch_sub(T value, std::memory_order = std::memory_order_seq_cst) {
    return update([&](T old) { return static_cast<T>(old - value); });
  }
  T fetch_or(T value, std::memory_order = std::memory_order_seq_cst) {
    return update([&](T old) { return static_cast<T>(old | value); });
  }
  T fetch_and(T value, std::memory_order = std::memory_order_seq_cst) {
    return update([&](T old) { return static_cast<T>(old & value); });
  }

  bool compare_exchange_strong(T& expected, T desired, std::memory_order = std::memory_order_seq_cst) {
    const T wanted = expected;
    expected = update([&](T old) { return old == wanted ? desired : old; });
    return expected == wanted;
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst) {
    return compare_exchange_strong(expected, desired, order);
  }

  Location& location() const { return location_; }
  Atomic& named(const char* name) {
    location_.name = name;
    return *this;
  }

 private:
  template <class Change>
  T update(Change change) {
    const T old = from_word<T>(begin_update(location_));
    set(location_, word_of<T>(change(old)));
    return old;
  }

  mutable Location location_;
};

// The policy for channel::RingWriter, SlotProtocol and so on; in the shape of channel::RealAtomics.
struct Atomics {
  template <class T>
  using Atomic = model::Atomic<T>;

  static void full_fence() { fence(); }
  static void full_fence_behind_update() {}  // an update has waited for the own buffer to be empty
};

// What a test keeps book with: no step, no buffer, but part of the state.
template <class T>
class Ghost {
 public:
  explicit Ghost(T value = T{}) { add(location_, static_cast<std::uint64_t>(value)); }
  Ghost(const Ghost&) = delete;
  Ghost& operator=(const Ghost&) = delete;

  T get() const { return static_cast<T>(model::get(location_)); }
  void set(T value) { model::set(location_, static_cast<std::uint64_t>(value)); }

 private:
  Location location_;
};

// ---- the kernel

struct FutexTarget {
  const Atomic<std::uint32_t>* word;
  std::uint32_t expected;
};

inline void futex_wait_any(std::initializer_list<FutexTarget> targets) {
  std::array<std::pair<Location*, std::uint64_t>, 4> words;
  std::size_t count = 0;
  for (const auto& target : targets) words.at(count++) = {&target.word->location(), target.expected};
  sleep_while({words.data(), count});
}

inline void futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected) { futex_wait_any({{&word, expected}}); }

inline void futex_wake(const Atomic<std::uint32_t>& word) { wake(word.location()); }

// An eventfd and a loop that sleeps on it.
class Event {
 public:
  void signal() { count_.exchange(1); }
  void clear() { count_.exchange(0); }
  void wait() { await_other_than(count_.location(), 0); }

 private:
  Atomic<std::uint32_t> count_{0};
};

template <class T>
void await_change(const Atomic<T>& word) {
  await_change(word.location());
}

}  // namespace troupe::model
