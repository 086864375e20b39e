// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>

#include <exception>
#include <utility>

namespace troupe::async::detail {

// What completes a result, once, with work that cannot be cancelled any more; like a Promise, but no handle of the result: its
// value can be moved out as soon as it is there. Gone without an outcome, it leaves an InvalidState.
template <class T>
class Completion {
  using Cell = troupe::detail::TypedCell<T>;

 public:
  Completion() : cell_(Cell::completed_by_hand(1)), result_(troupe::detail::ResultAccess::adopt(cell_)) {}
  Completion(Completion&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)), result_(std::move(other.result_)) {}
  Completion& operator=(Completion&&) = delete;
  ~Completion() {
    if (cell_ == nullptr) return;
    cell_->complete_with_error(
        std::make_exception_ptr(InvalidState("the coroutine or function is gone, with its context, before it has ended")));
    cell_->drop_reference();
  }

  // Once.
  AsyncResult<T> take_result() { return std::move(result_); }

  // False: it has been cancelled; nothing shall be done.
  bool start() { return cell_->start(); }
  // After start(), once. What constructing the value throws is the outcome then.
  template <class... Value>
  void set_value(Value&&... value) {
    if (!cell_->claim()) return;
    try {
      cell_->make_value(std::forward<Value>(value)...);
    } catch (...) {
      return cell_->publish_error(std::current_exception());
    }
    cell_->publish_value();
  }
  void set_exception(std::exception_ptr error) { cell_->complete_with_error(std::move(error)); }

 private:
  Cell* cell_;  // a reference
  AsyncResult<T> result_;
};

}  // namespace troupe::async::detail
