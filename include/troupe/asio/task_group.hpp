// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/arrivals.hpp>
#include <troupe/asio/task.hpp>
#include <troupe/asio/timeout.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::async {

// Several errors at once. Thread-safety: a value.
class ExceptionGroup : public Error {
 public:
  ExceptionGroup(const std::string& text, std::vector<std::exception_ptr> exceptions)
      : Error(text_of(text, exceptions)), exceptions_(std::move(exceptions)) {}

  // In the order in which they occurred.
  const std::vector<std::exception_ptr>& exceptions() const { return exceptions_; }

 private:
  static std::string text_of(const std::string& text, const std::vector<std::exception_ptr>& exceptions) {
    std::string whole = text + " (" + std::to_string(exceptions.size()) + (exceptions.size() == 1 ? " error" : " errors") + ")";
    for (const std::exception_ptr& each : exceptions) whole += "; " + text_of(each);
    return whole;
  }
  static std::string text_of(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& exception) {
      return exception.what();
    } catch (...) {
      return "something that is no std::exception";
    }
  }

  std::vector<std::exception_ptr> exceptions_;
};

// Coroutines that end together (C-70):
//   co_await TaskGroup::run([&](TaskGroup& group) -> awaitable<void> {
//     group.create_task(fetch(1));
//     group.create_task(fetch(2));
//   });
// run() goes on when the block and all its tasks have ended. The first error of one of them cancels the others and the block, and
// an ExceptionGroup of all errors is thrown when they have ended; tasks that were cancelled are no errors. Cancelled from
// outside, it cancels them all, waits, and throws CancelledError, or the ExceptionGroup if there are errors.
class TaskGroup {
 public:
  // What the block gives.
  template <class Body>
  static auto run(Body body);

  // Errors: InvalidState once the group is being cancelled, or has ended.
  template <class T>
  Task<T> create_task(awaitable<T> body) {
    if (is_closed_) throw InvalidState("troupe::async::TaskGroup::create_task: the group has ended or is being cancelled");
    const Task<T> task = async::create_task(executor_, std::move(body));
    add(task);
    return task;
  }

  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

 private:
  explicit TaskGroup(const boost::asio::any_io_executor& executor) : executor_(executor), arrivals_(executor) {}

  template <class Awaitable, class Body>
  static Awaitable run_body(Body body);

  template <class T>
  void add(const Task<T>& task) {
    children_.emplace_back(task);
    arrivals_.expect(*children_.back().cell, children_.size() - 1);
  }
  void abort() {
    if (std::exchange(is_closed_, true)) return;
    // By number: what is cancelled runs, and may reach for the group.
    for (std::size_t i = 0; i < children_.size(); ++i) children_[i].cancel();  // NOLINT(modernize-loop-convert)
  }

  static constexpr std::size_t kBlock = 0;  // among the children

  // One that has ended.
  void note(std::size_t index) {
    const std::exception_ptr error = children_[index].cell->error();
    if (error == nullptr) return;
    const bool is_cancelled = detail::is_cancellation(error);
    if (!is_cancelled) errors_.push_back(error);
    if (!is_cancelled || index == kBlock) abort();
  }

  awaitable<void> join_all() {
    while (arrivals_.left() > 0) {
      detail::WaitEnd::How how{};
      const auto index =
          is_cancelled_ ? co_await arrivals_.next(how, detail::GoOn()) : co_await arrivals_.next(how, detail::EndWait());
      if (index) {
        note(*index);
      } else {
        is_cancelled_ = true;
        abort();
      }
    }
    is_closed_ = true;
  }

  const boost::asio::any_io_executor executor_;
  std::vector<detail::Child> children_;
  detail::Arrivals arrivals_;
  std::vector<std::exception_ptr> errors_;
  bool is_closed_ = false;
  bool is_cancelled_ = false;
};

template <class Awaitable, class Body>
Awaitable TaskGroup::run_body(Body body) {
  TaskGroup group(co_await detail::this_coro::executor);
  auto block = async::create_task(group.executor_, detail::invoke_body(body, group));
  group.add(block);
  co_await group.join_all();
  if (!group.errors_.empty()) throw ExceptionGroup("unhandled errors in a TaskGroup", std::move(group.errors_));
  if (group.is_cancelled_) detail::throw_cancelled("troupe::async::TaskGroup");
  co_return static_cast<detail::ValueOf<Awaitable>>(detail::value_of(std::move(block)));
}

template <class Body>
auto TaskGroup::run(Body body) {
  using Awaitable = detail::BodyAwaitable<TaskGroup, Body>;
  static_assert(detail::Source<Awaitable>, "troupe: the block is a coroutine, called as body(TaskGroup&)");
  return detail::calmly(run_body<Awaitable>(std::move(body)));
}

}  // namespace troupe::async
