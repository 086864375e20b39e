// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <chrono>

#include "client/call_channel.hpp"
#include "platform/futex.hpp"

namespace troupe::client {

// Reads until done() or `deadline`, for every thread's results: spins while that pays, then sleeps on the doorbell, the
// host's life word and `own`() at once. With the reader role; a fall that is met is judged here.
template <class Done, class Own>
void CallChannel::lead(const Done& done, const Own& own, TimePoint deadline) {
  publish_processor();
  while (!done()) {
    if (has_fallen()) {
      if (is_judged_) return;
      judge();
    } else if (!drain() && !spin_.spin_until([&] { return end_.has_reply() || done(); },
                                             end_.host_bell().processor.load(std::memory_order_relaxed))) {
      if (deadline != TimePoint::max() && std::chrono::steady_clock::now() >= deadline) return;
      sleep_as_reader(done, own, deadline);
    }
  }
}

template <class Done, class Own>
void CallChannel::sleep_as_reader(const Done& done, const Own& own, TimePoint deadline) {
  using Bell = channel::DoorbellProtocol<>;
  end_.settle();
  auto& bell = end_.client_bell();
  std::array<platform::FutexTarget, 3> targets{};
  std::size_t count = 0;
  targets[count++] = {&bell.state, Bell::arm(bell, channel::Rest::futex, wants_room()), platform::FutexScope::shared};
  const std::optional<platform::FutexTarget> mine = own();  // before the last look: what completes it later changes the word
  if (mine) targets[count++] = *mine;
  bool is_life_fallen = false;
  if (life_word_) {
    const auto& word = host_life_.word(*life_word_);
    targets[count] = {&word, word.load(std::memory_order_acquire), platform::FutexScope::shared};
    is_life_fallen = platform::is_fallen(targets[count++].expected);
  }
  if (mine && !is_life_fallen && !has_fallen() && !drain() && !done()) {
    const std::uint64_t begin = platform::ticks();
    const auto woken = platform::futex_wait_any({targets.data(), count}, deadline);
    if (woken != platform::FutexWake::timed_out) spin_.slept(platform::ticks() - begin);
  }
  Bell::disarm(bell);
  if (life_word_ && host_life_.has_fallen(*life_word_)) note_host_fallen();
}

}  // namespace troupe::client
