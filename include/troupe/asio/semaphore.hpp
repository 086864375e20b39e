// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/lock.hpp>
#include <troupe/asio/waiters.hpp>
#include <troupe/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <limits>

namespace troupe::async {

// At most `count` coroutines at a time, in the order in which they asked.
class Semaphore {
 public:
  explicit Semaphore(std::size_t count = 1) : Semaphore(count, std::numeric_limits<std::size_t>::max()) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Whether an acquire() would have to wait.
  bool locked() const { return count_ == 0; }

  // Blocks: until there is room. Cancelled before that: CancelledError, and none is taken.
  awaitable<void> acquire() { return detail::calmly(take()); }
  // The same, until the Held goes.
  awaitable<Held<Semaphore>> held() { return detail::calmly(detail::acquire_held(*this)); }

  // Errors: of a BoundedSemaphore, LockStateError when more are released than were acquired.
  void release() {
    if (count_ == most_) throw LockStateError("troupe::async::BoundedSemaphore::release: more released than acquired");
    if (waiters_.wake_one() == nullptr) ++count_;  // else what was released is the woken one's
  }

 protected:
  Semaphore(std::size_t count, std::size_t most) : count_(count), most_(most) {}

 private:
  awaitable<void> take() {
    if (count_ > 0) {
      --count_;
      co_return;
    }
    detail::NoSlot slot;
    if (!co_await waiters_.wait(slot, detail::CancelResult())) detail::throw_cancelled("troupe::async::Semaphore::acquire");
  }

  std::size_t count_;  // 0 while anybody waits
  const std::size_t most_;
  detail::Waiters<detail::NoSlot> waiters_;
};

// One that minds how often it is released.
class BoundedSemaphore : public Semaphore {
 public:
  explicit BoundedSemaphore(std::size_t count = 1) : Semaphore(count, count) {}
};

}  // namespace troupe::async
