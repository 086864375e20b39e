// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/event.hpp>
#include <troupe/asio/waiters.hpp>
#include <troupe/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace troupe::async {

// Values from coroutine to coroutine, the first in the first out; so are those served who wait for one, or for room. A value is
// taken by one get() that gives it to its caller: a cancelled one takes none.
template <class T>
class Queue {
 public:
  // `max_size` 0: no limit.
  explicit Queue(std::size_t max_size = 0) : max_size_(max_size) { is_all_done_.set(); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  std::size_t max_size() const { return max_size_; }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  bool full() const { return max_size_ != 0 && values_.size() >= max_size_; }

  // Blocks: while the queue is full. Cancelled before there is room: CancelledError, and nothing is put. Errors: QueueShutDown.
  awaitable<void> put(T value) { return detail::calmly(put_in_turn(std::move(value))); }
  // Never blocks. False: the queue is full, and `value` is as before. Errors: QueueShutDown.
  bool put_nowait(T&& value) {
    check_open();
    if (full()) return false;
    accept(std::move(value));
    return true;
  }
  bool put_nowait(const T& value) { return put_nowait(T(value)); }

  // Blocks: while the queue is empty. Cancelled before there is a value: CancelledError. Errors: QueueShutDown, once it is empty.
  awaitable<T> get() { return detail::calmly(get_in_turn()); }
  // Never blocks. Nothing: the queue is empty. Errors: QueueShutDown, once it is empty.
  std::optional<T> get_nowait() {
    if (!values_.empty()) return take();
    check_open();
    return std::nullopt;
  }

  // One that get() gave is done with. Errors: TaskDoneUnderflow when that were more than have been put.
  void task_done() {
    if (unfinished_ == 0) throw TaskDoneUnderflow("troupe::async::Queue::task_done: called more often than values were put");
    if (--unfinished_ == 0) is_all_done_.set();
  }
  // Blocks: until each value that was put is done with.
  awaitable<void> join() { return is_all_done_.wait(); }

  // From here on nothing can be put; what is there can still be taken. `immediate`: that is dropped, and counts as done.
  void shutdown(bool immediate = false) {
    is_shut_down_ = true;
    putters_.wake_all();
    if (immediate) {
      unfinished_ -= std::min(unfinished_, values_.size());
      values_.clear();
      if (unfinished_ == 0) is_all_done_.set();
    }
    if (values_.empty()) getters_.wake_all();
  }

 private:
  // What a waiting get() is given by who wakes it, and what a waiting put() brings along: then it is taken from there.
  using Slot = std::optional<T>;

  awaitable<void> put_in_turn(T value) {
    check_open();
    if (!full()) {
      accept(std::move(value));
      co_return;
    }
    Slot slot(std::move(value));
    if (!co_await putters_.wait(slot, detail::CancelResult())) detail::throw_cancelled("troupe::async::Queue::put");
    if (slot) check_open();
  }

  awaitable<T> get_in_turn() {
    if (!values_.empty()) co_return take();
    check_open();
    Slot slot;
    if (!co_await getters_.wait(slot, detail::CancelResult())) detail::throw_cancelled("troupe::async::Queue::get");
    if (!slot) throw_shut_down();
    co_return std::move(*slot);
  }

  // Nobody waits for a value while there is one.
  void accept(T&& value) {
    ++unfinished_;
    is_all_done_.clear();
    if (Slot* getter = getters_.wake_one()) {
      getter->emplace(std::move(value));
    } else {
      values_.push_back(std::move(value));
    }
  }

  // Nobody waits for room while there is some.
  T take() {
    T value = std::move(values_.front());
    values_.pop_front();
    if (Slot* putter = putters_.wake_one()) {
      accept(std::move(**putter));
      putter->reset();
    }
    return value;
  }

  void check_open() const {
    if (is_shut_down_) throw_shut_down();
  }
  [[noreturn]] static void throw_shut_down() { throw QueueShutDown("troupe::async::Queue: it was shut down"); }

  const std::size_t max_size_;
  std::deque<T> values_;
  std::size_t unfinished_ = 0;
  bool is_shut_down_ = false;
  Event is_all_done_;
  detail::Waiters<Slot> getters_;
  detail::Waiters<Slot> putters_;
};

}  // namespace troupe::async
