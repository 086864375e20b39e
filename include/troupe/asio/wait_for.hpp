// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/settled.hpp>
#include <troupe/asio/source.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace troupe::async {

namespace detail {

[[noreturn]] inline void throw_timed_out(const char* what) {
  throw TimeoutError(std::string(what) + ": the time is over, and what was waited for has been cancelled");
}

// Ends as the child does; one that ends by a cancellation which was ours gives what that was for.
template <StartedSource S>
ValueOf<S> outcome_after(WaitEnd::How how, bool is_timeout, S child, const char* what) {
  auto& cell = cell_of(child);
  if (how != WaitEnd::outcome && (!cell.has_outcome() || is_cancellation(cell.error()))) {
    if (is_timeout) throw_timed_out(what);
    throw_cancelled(what);
  }
  return static_cast<ValueOf<S>>(value_of(std::move(child)));
}

// What is cancelled and timed out at once is cancelled: somebody outside waits for that.
inline awaitable<bool> is_own_timeout(WaitEnd::How how) { co_return how == WaitEnd::timed_out && !co_await is_cancelled(); }

template <StartedSource S>
awaitable<ValueOf<S>> finish_in_time(S child, std::shared_ptr<Alarm> alarm, const char* what) {
  const Child watched(child);
  const WaitEnd::How how = co_await settled(watched.cell, EndWait(), std::move(alarm));
  if (how != WaitEnd::outcome) {
    watched.cancel();
    if (watched.must_end()) co_await settled(watched.cell, GoOn());
  }
  const bool is_timeout = co_await is_own_timeout(how);
  co_return outcome_after(how, is_timeout, std::move(child), what);
}

template <Source S>
awaitable<ValueOf<S>> wait_until(S source, TimePoint deadline) {
  const auto executor = co_await this_coro::executor;
  if (!StartedSource<S> && deadline <= std::chrono::steady_clock::now()) throw_timed_out("troupe::async::wait_for");
  co_return co_await finish_in_time(start(executor, std::move(source)), alarm_at(executor, deadline), "troupe::async::wait_for");
}

}  // namespace detail

// What `source` gives, if it does in time; else it is cancelled, and TimeoutError is thrown when it has ended (C-67). One that
// minds no cancellation and ends with a value or an error of its own gives that. A time-out of nothing does not start a
// coroutine. A call that is running when the time is over is asked to stop, and not waited for: its actor may hang. Cancelled, it
// cancels `source` and waits for it likewise.
template <detail::Source S>
awaitable<detail::ValueOf<S>> wait_for(S source, Timeout timeout) {
  return detail::calmly(detail::wait_until(std::move(source), detail::deadline_after(timeout)));
}

}  // namespace troupe::async
