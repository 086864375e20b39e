// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/waiters.hpp>
#include <troupe/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>

namespace troupe::async {

// A place where a number of coroutines wait for each other, again and again.
class Barrier {
 public:
  // Errors: std::invalid_argument for 0.
  explicit Barrier(std::size_t parties) : parties_(parties) {
    if (parties == 0)
      throw std::invalid_argument("troupe::async::Barrier: parties is 0; give the number of coroutines, at least 1");
  }
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  std::size_t parties() const { return parties_; }
  // How many wait now.
  std::size_t n_waiting() { return waiters_.size(); }
  bool broken() const { return is_broken_; }

  // Blocks: until as many wait as there are parties; then each gets a number below parties(), in the order of their coming.
  // Cancelled before that: CancelledError, and it is as if it had not come. Errors: BrokenBarrierError.
  awaitable<std::size_t> wait() { return detail::calmly(arrive()); }

  // Those who wait get a BrokenBarrierError; the barrier is as new.
  void reset() {
    waiters_.wake_all();
    is_broken_ = false;
  }
  // Those who wait, and come later, get a BrokenBarrierError, until reset().
  void abort() {
    is_broken_ = true;
    waiters_.wake_all();
  }

 private:
  // The number of one that waits; none while the barrier is not full, or when it was broken.
  using Slot = std::optional<std::size_t>;

  awaitable<std::size_t> arrive() {
    if (is_broken_) throw_broken();
    if (waiters_.size() + 1 == parties_) {
      let_pass();
      co_return parties_ - 1;
    }
    Slot number;
    if (!co_await waiters_.wait(number, detail::CancelResult())) detail::throw_cancelled("troupe::async::Barrier::wait");
    if (!number) throw_broken();
    co_return *number;
  }

  void let_pass() {
    std::size_t next = 0;
    while (Slot* number = waiters_.wake_one()) *number = next++;
  }

  [[noreturn]] static void throw_broken() {
    throw BrokenBarrierError("troupe::async::Barrier: it was broken (abort, reset); reset() makes it as new");
  }

  const std::size_t parties_;
  bool is_broken_ = false;
  detail::Waiters<Slot> waiters_;
};

}  // namespace troupe::async
