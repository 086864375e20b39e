// SPDX-License-Identifier: BSL-1.0
// How the functions of troupe::async wait: without being thrown out of a co_await, since they have to tidy up.
#pragma once

#include <troupe/asio/task.hpp>
#include <troupe/asio/wait_operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe::async::detail {

namespace this_coro = boost::asio::this_coro;

using TimePoint = std::chrono::steady_clock::time_point;

inline TimePoint deadline_after(Timeout timeout) { return timeout.after(std::chrono::steady_clock::now()); }

// Runs `body` with cancellations no longer thrown out of each co_await; afterwards that is as before.
template <class T>
awaitable<T> calmly(awaitable<T> body) {
  const bool before = co_await this_coro::throw_if_cancelled();
  co_await this_coro::throw_if_cancelled(false);
  std::exception_ptr error;
  std::optional<troupe::detail::Stored<T>> value;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
    } else {
      value.emplace(co_await std::move(body));
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_await this_coro::throw_if_cancelled(before);
  if (error != nullptr) std::rethrow_exception(error);
  if constexpr (!std::is_void_v<T>) co_return std::move(*value);
}

// Ends a wait at a time that may be moved.
class Alarm : public std::enable_shared_from_this<Alarm> {
 public:
  Alarm(const boost::asio::any_io_executor& executor, TimePoint when) : timer_(executor), when_(when) {}

  void start(std::shared_ptr<WaitLink> link) {
    link_ = std::move(link);
    set(when_);
  }
  void stop() {
    link_.reset();
    timer_.cancel();
  }
  void set(TimePoint when) {
    when_ = when;
    timer_.cancel();
    if (link_ == nullptr || when == TimePoint::max()) return;
    timer_.expires_at(when);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code&) { self->ring(); });
  }
  TimePoint when() const { return when_; }

 private:
  // A timer whose time is over calls this even if it is set anew meanwhile.
  void ring() {
    if (link_ != nullptr && std::chrono::steady_clock::now() >= when_) link_->complete({.how = WaitEnd::timed_out});
  }

  boost::asio::steady_timer timer_;
  TimePoint when_;
  std::shared_ptr<WaitLink> link_;  // of the wait that it ends
};

// By what a cell is completed: anything; or what other waits of the same context have brought, and nothing else.
enum class By { anybody, other_waits };

template <class OnCancel>
awaitable<WaitEnd> wait_once(CellReference cell, OnCancel on_cancel, std::shared_ptr<Alarm> alarm, By by) {
  const auto arm = [&alarm, by](const std::shared_ptr<WaitLink>& link) {
    if (by == By::other_waits && troupe::detail::OneTurn::context() != nullptr) link->note_bell();
    if (alarm != nullptr) alarm->start(link);
  };
  const auto initiate = [&](auto handler) { start_wait(*cell, std::move(on_cancel), std::move(handler), arm); };
  const WaitEnd end = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(WaitEnd)>(
      initiate, boost::asio::use_awaitable);
  if (alarm != nullptr) alarm->stop();
  co_return end;
}

// Whether this coroutine has been; for who waits calmly.
inline awaitable<bool> is_cancelled() {
  co_return (co_await this_coro::cancellation_state).cancelled() != boost::asio::cancellation_type::none;
}

// Waits, calmly, until the cell has its outcome, or `alarm` rings, or as `on_cancel` says. A coroutine that was cancelled before
// is treated as one that is cancelled in it. Errors: the wait is impossible; WouldDeadlock.
template <class OnCancel>
awaitable<WaitEnd::How> settled(CellReference cell, OnCancel on_cancel, std::shared_ptr<Alarm> alarm = nullptr,
                                By by = By::anybody) {
  if (cell->has_outcome()) co_return WaitEnd::outcome;
  if (co_await is_cancelled()) {
    if (const std::optional<WaitEnd> end = on_cancel(*cell)) co_return end->how;
  }
  const auto until = alarm != nullptr ? alarm->when() : TimePoint::max();
  const auto executor = co_await this_coro::executor;
  check_can_come(*cell, executor, until);
  const WaitEnd end = co_await wait_once(cell, std::move(on_cancel), std::move(alarm), by);
  if (end.how == WaitEnd::failed) std::rethrow_exception(end.why);
  co_return end.how;
}

// Null for one that never rings.
inline std::shared_ptr<Alarm> alarm_at(const boost::asio::any_io_executor& executor, TimePoint when) {
  return when == TimePoint::max() ? nullptr : std::make_shared<Alarm>(executor, when);
}

inline bool is_cancellation(const std::exception_ptr& error) {
  if (error == nullptr) return false;
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError&) {
    return true;
  } catch (const boost::system::system_error& system_error) {
    return is_operation_aborted(system_error);
  } catch (...) {
    return false;
  }
}

[[noreturn]] inline void throw_cancelled(const char* what) { throw CancelledError(std::string(what) + " was cancelled"); }

}  // namespace troupe::async::detail
