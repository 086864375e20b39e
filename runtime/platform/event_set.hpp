// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>

#include "platform/event.hpp"
#include "platform/handle.hpp"

namespace troupe::platform {

// Where one thread sleeps on many events at once, however many (epoll, edge-triggered: a signal wakes once, and one whose
// other end is gone does not wake again and again). Clears the events that have woken it.
// Thread-safety: one thread at a time; the events are signalled from anywhere.
class EventSet {
 public:
  // Errors: std::system_error.
  EventSet();

  // `event` lives, and stays where it is, until it is removed. A signal from before add() counts. Errors: std::system_error.
  void add(const Event& event);
  void remove(const Event& event) noexcept;

  // Blocks: until one of them is signalled, or was since the last wait(), or until `deadline`. May wake spuriously.
  void wait(std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

 private:
  Handle handle_;
};

}  // namespace troupe::platform
