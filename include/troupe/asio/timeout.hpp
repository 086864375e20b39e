// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/settled.hpp>
#include <troupe/asio/task.hpp>
#include <troupe/asio/wait_for.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe::async {

// The time that a block has (timeout(), timeout_at()), for who is inside.
class TimeoutScope {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Since when it is over; TimePoint::max(): never.
  TimePoint when() const { return alarm_->when(); }
  // Errors: InvalidState once it has expired, or the block has ended.
  void reschedule(TimePoint when) {
    if (is_over_) throw InvalidState("troupe::async::TimeoutScope::reschedule: the block has ended or its time is over");
    alarm_->set(when);
  }
  // Whether the block was cancelled since its time was over.
  bool expired() const { return is_expired_; }

  template <class Body>
  static auto run(TimePoint when, Body body);

 private:
  explicit TimeoutScope(std::shared_ptr<detail::Alarm> alarm) : alarm_(std::move(alarm)) {}

  template <class Awaitable, class Body>
  static Awaitable run_body(TimePoint when, Body body);

  const std::shared_ptr<detail::Alarm> alarm_;
  bool is_expired_ = false;
  bool is_over_ = false;
};

namespace detail {

template <class Scope, class Body>
auto invoke_body(Body& body, Scope& scope) {
  if constexpr (std::is_invocable_v<Body&, Scope&>) {
    return body(scope);
  } else {
    return body();
  }
}

template <class Scope, class Body>
using BodyAwaitable = decltype(invoke_body(std::declval<Body&>(), std::declval<Scope&>()));

}  // namespace detail

template <class Awaitable, class Body>
Awaitable TimeoutScope::run_body(TimePoint when, Body body) {
  const auto executor = co_await detail::this_coro::executor;
  TimeoutScope scope(std::make_shared<detail::Alarm>(executor, when));
  auto task = create_task(executor, detail::invoke_body(body, scope));
  const detail::CellReference cell(detail::cell_of(task));
  const auto how = co_await detail::settled(cell, detail::EndWait(), scope.alarm_);
  scope.is_over_ = true;
  scope.is_expired_ = how == detail::WaitEnd::timed_out;
  if (how != detail::WaitEnd::outcome) {
    task.cancel();
    co_await detail::settled(cell, detail::GoOn());
  }
  const bool is_timeout = co_await detail::is_own_timeout(how);
  co_return detail::outcome_after(how, is_timeout, std::move(task), "troupe::async::timeout");
}

template <class Body>
auto TimeoutScope::run(TimePoint when, Body body) {
  using Awaitable = detail::BodyAwaitable<TimeoutScope, Body>;
  static_assert(detail::Source<Awaitable>, "troupe: the block is a coroutine, called as body() or body(TimeoutScope&)");
  return detail::calmly(run_body<Awaitable>(when, std::move(body)));
}

// Runs a block, co_await timeout(2s, [&](TimeoutScope& scope) -> awaitable<int> { … }), and cancels it when its time is over;
// once it has ended by that, TimeoutError is thrown (C-71). What the block ends with otherwise stands. Of nested ones only that
// throws TimeoutError whose time is over; a cancellation from outside passes through all of them.
// (g++ 12 destroys twice what a lambda has captured by value, if the lambda is written inside a co_await expression: name it
// first.)
template <class Body>
auto timeout(Timeout after, Body body) {
  return TimeoutScope::run(detail::deadline_after(after), std::move(body));
}
template <class Body>
auto timeout_at(TimeoutScope::TimePoint when, Body body) {
  return TimeoutScope::run(when, std::move(body));
}

}  // namespace troupe::async
