// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/result_range.hpp>
#include <troupe/detail/several.hpp>
#include <troupe/timeout.hpp>

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <utility>
#include <vector>

// Waiting for several results. While a thread waits, the runtime's thread reads for it; no other threads are taken.
namespace troupe {

namespace detail {

template <class T, class Results>
std::vector<ResultCell*> cells_of(const Results& results) {
  std::vector<ResultCell*> cells;
  for (const AsyncResult<T>& result : results) cells.push_back(&ResultAccess::cell(result));
  return cells;
}

}  // namespace detail

// Those that have an outcome, and the others; each in the order in which they were given, and once.
template <class T>
struct Waited {
  std::vector<AsyncResult<T>> done;
  std::vector<AsyncResult<T>> pending;
};

// Blocks: as long as `until` says, and at most `timeout`, whose end is no error. It cancels nothing. Of no results: returns at
// once.
template <detail::ResultRange Results>
Waited<detail::ValueIn<Results>> wait(const Results& results, Timeout timeout = {},
                                      ReturnWhen until = ReturnWhen::all_completed) {
  using T = detail::ValueIn<Results>;
  std::vector<detail::ResultCell*> cells = detail::cells_of<T>(results);
  const std::size_t done_count = detail::wait_for_several(cells, timeout, until);
  Waited<T> waited;
  waited.done.reserve(done_count);
  waited.pending.reserve(cells.size() - done_count);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    auto& list = i < done_count ? waited.done : waited.pending;
    list.push_back(detail::ResultAccess::share(static_cast<detail::TypedCell<T>&>(*cells[i])));
  }
  return waited;
}
template <class T>
Waited<T> wait(std::initializer_list<AsyncResult<T>> results, Timeout timeout = {},
               ReturnWhen until = ReturnWhen::all_completed) {
  return wait<std::initializer_list<AsyncResult<T>>>(results, timeout, until);
}

// Results in the order in which they get an outcome; see as_completed(). To be gone through once, by one thread.
template <class T>
class AsCompleted {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = AsyncResult<T>;
    using difference_type = std::ptrdiff_t;
    using pointer = AsyncResult<T>*;
    using reference = AsyncResult<T>&;

    AsyncResult<T>& operator*() const { return current_; }
    AsyncResult<T>* operator->() const { return &current_; }
    // Blocks: until the next one has its outcome. Errors: TimeoutError.
    Iterator& operator++() {
      current_ = {};
      take_next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& iterator, std::default_sentinel_t) { return !iterator.current_.valid(); }

   private:
    friend class AsCompleted;
    explicit Iterator(detail::Arrivals& arrivals) : arrivals_(&arrivals) { take_next(); }

    void take_next() {
      if (auto* cell = detail::next_arrival(*arrivals_))
        current_ = detail::ResultAccess::adopt(static_cast<detail::TypedCell<T>*>(cell));
    }

    detail::Arrivals* arrivals_;
    mutable AsyncResult<T> current_;
  };

  explicit AsCompleted(detail::ArrivalsHandle arrivals) : arrivals_(std::move(arrivals)) {}

  // Blocks: until the first has its outcome. Errors: TimeoutError.
  Iterator begin() { return Iterator(*arrivals_); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  detail::ArrivalsHandle arrivals_;
};

// The results one by one as they get an outcome, those first that have one; each once, however often it was given. One that has
// been handed out is not held any more. Errors, while going on: TimeoutError when none is left that has an outcome, and `timeout`
// has passed since this call.
//   for (auto& result : troupe::as_completed(results, 10s)) use(result.get());
template <detail::ResultRange Results>
AsCompleted<detail::ValueIn<Results>> as_completed(const Results& results, Timeout timeout = {}) {
  using T = detail::ValueIn<Results>;
  return AsCompleted<T>(detail::arrivals_of(detail::cells_of<T>(results), timeout));
}
template <class T>
AsCompleted<T> as_completed(std::initializer_list<AsyncResult<T>> results, Timeout timeout = {}) {
  return as_completed<std::initializer_list<AsyncResult<T>>>(results, timeout);
}

}  // namespace troupe
