// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/lock.hpp>
#include <troupe/asio/waiters.hpp>
#include <troupe/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <limits>

namespace troupe::async {

// Waits, with a lock, for what another coroutine does with that lock. All functions want the lock to be held.
class Condition {
 public:
  explicit Condition(Lock& lock) : lock_(lock) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  // Releases the lock, waits to be notified, and takes it again. Cancelled, it throws CancelledError, and holds the lock then,
  // too; one that was notified before is no longer cancelled here, so that no notification is lost. Errors: LockStateError.
  awaitable<void> wait() {
    check_locked();
    return detail::calmly(wait_notified());
  }
  // Waits until is_true().
  template <class Predicate>
  awaitable<void> wait_for(Predicate is_true) {
    while (!is_true()) co_await wait();
  }

  // Wakes the `count` that have waited longest.
  void notify(std::size_t count = 1) {
    check_locked();
    for (std::size_t i = 0; i < count && waiters_.wake_one() != nullptr; ++i) continue;
  }
  void notify_all() { notify(std::numeric_limits<std::size_t>::max()); }

 private:
  void check_locked() const {
    if (!lock_.locked()) throw LockStateError("troupe::async::Condition: its lock is not held; acquire() it first");
  }

  awaitable<void> wait_notified() {
    lock_.release();
    detail::NoSlot slot;
    const bool is_notified = co_await waiters_.wait(slot, detail::CancelResult());
    co_await lock_.take(detail::GoOn());
    if (!is_notified) detail::throw_cancelled("troupe::async::Condition::wait");
  }

  Lock& lock_;
  detail::Waiters<detail::NoSlot> waiters_;
};

}  // namespace troupe::async
