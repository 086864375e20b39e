// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/lock.hpp>
#include <troupe/asio/waiters.hpp>

#include <boost/asio/awaitable.hpp>

namespace troupe::async {

// Something that has happened, or not. Who waits when it is set goes on, even if it is cleared at once.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_set() const { return is_set_; }
  void set() {
    is_set_ = true;
    waiters_.wake_all();
  }
  void clear() { is_set_ = false; }

  // Blocks: until it is set. Cancelled before that: CancelledError.
  awaitable<void> wait() { return detail::calmly(wait_set()); }

 private:
  awaitable<void> wait_set() {
    if (is_set_) co_return;
    detail::NoSlot slot;
    if (!co_await waiters_.wait(slot, detail::CancelResult())) detail::throw_cancelled("troupe::async::Event::wait");
  }

  bool is_set_ = false;
  detail::Waiters<detail::NoSlot> waiters_;
};

}  // namespace troupe::async
