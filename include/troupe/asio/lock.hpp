// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/settled.hpp>
#include <troupe/asio/waiters.hpp>
#include <troupe/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <type_traits>
#include <utility>

namespace troupe::async {

// Releases what it has acquired. Movable.
template <class L>
class [[nodiscard]] Held {
 public:
  explicit Held(L& lock) noexcept : lock_(&lock) {}
  Held(Held&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
  Held& operator=(Held other) noexcept {
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~Held() { release(); }

  void release() {
    if (L* lock = std::exchange(lock_, nullptr)) lock->release();
  }

 private:
  L* lock_;
};

namespace detail {

struct NoSlot {};

// Errors: CancelledError when the wait was cancelled.
template <class L>
awaitable<Held<L>> acquire_held(L& lock) {
  co_await lock.acquire();
  co_return Held<L>(lock);
}

}  // namespace detail

// One coroutine at a time holds it, in the order in which they asked: a release hands it over to the first that waits.
//   const auto held = co_await lock.held();
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  bool locked() const { return is_locked_; }

  // Blocks: until the lock is this coroutine's. Cancelled before that: CancelledError, and it is not.
  awaitable<void> acquire() { return detail::calmly(take(detail::CancelResult())); }
  // The same, until the Held goes.
  awaitable<Held<Lock>> held() { return detail::calmly(detail::acquire_held(*this)); }

  // Errors: LockStateError when nobody holds it.
  void release() {
    if (!is_locked_) throw LockStateError("troupe::async::Lock::release: nobody holds the lock");
    is_locked_ = waiters_.wake_one() != nullptr;  // it is the woken one's from here on
  }

 private:
  friend class Condition;

  template <class OnCancel>
  awaitable<void> take(OnCancel on_cancel) {
    if (!std::exchange(is_locked_, true)) co_return;
    detail::NoSlot slot;
    if (!co_await waiters_.wait(slot, on_cancel)) detail::throw_cancelled("troupe::async::Lock::acquire");
  }

  bool is_locked_ = false;
  detail::Waiters<detail::NoSlot> waiters_;
};

}  // namespace troupe::async
