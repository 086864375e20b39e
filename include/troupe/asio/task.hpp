// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/co_await.hpp>
#include <troupe/asio/completion.hpp>
#include <troupe/async_result.hpp>
#include <troupe/detail/actor_thread.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

// What asyncio's users know, in the coroutines of Boost.Asio. The objects of this namespace belong to coroutines that run one
// at a time: of an io_context that one thread runs, or of one strand. Where a function takes an awaitable, it also takes an
// AsyncResult and a Task.
// A coroutine that is cancelled meets a CancelledError, or Asio's operation_aborted, in its next co_await.
namespace troupe::async {

using boost::asio::awaitable;

namespace detail {

// Of a coroutine that runs on its own.
struct TaskState {
  explicit TaskState(boost::asio::any_io_executor its_executor) : executor(std::move(its_executor)) {}

  const boost::asio::any_io_executor executor;
  std::atomic<bool> is_cancelled{false};
  // Touched on the executor only:
  boost::asio::cancellation_signal signal;
  boost::asio::cancellation_slot of_waits;  // what the coroutine itself waits for; set where an actor waits for it (OneTurn)
};

inline bool is_operation_aborted(const boost::system::system_error& error) {
  return error.code() == boost::asio::error::operation_aborted;
}

// The exception that a coroutine ended with, as its outcome.
inline std::exception_ptr outcome_of(const std::exception_ptr& thrown, const TaskState& state) {
  if (!state.is_cancelled) return thrown;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    return is_operation_aborted(error) ? std::make_exception_ptr(CancelledError("the coroutine was cancelled")) : thrown;
  } catch (...) {
    return thrown;
  }
}

// What the coroutine holds is destroyed before its outcome is told.
template <class T>
awaitable<void> fulfil(awaitable<T> body, Completion<T>& completion) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(body);
    completion.set_value();
  } else {
    T value = co_await std::move(body);
    completion.set_value(std::move(value));
  }
}

// When a coroutine begins; at once: where its executor runs already.
enum class Begin { in_next_turn, at_once };

template <class T>
awaitable<void> run_task(awaitable<T> body, Completion<T> completion, std::shared_ptr<TaskState> state, Begin begin) {
  std::exception_ptr error;
  try {
    if (begin == Begin::in_next_turn) co_await boost::asio::post(state->executor, boost::asio::use_awaitable);
    if (troupe::detail::OneTurn::context() != nullptr) {
      const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
      state->of_waits = cancellation.slot();
    }
    co_await fulfil(std::move(body), completion);
  } catch (...) {
    error = std::current_exception();
  }
  if (error != nullptr) completion.set_exception(outcome_of(error, *state));
  // What Asio has to do behind it, when it has never waited, would throw to whoever has started it.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
}

inline void cancel_task(const std::shared_ptr<TaskState>& task) {
  task->is_cancelled = true;
  boost::asio::dispatch(task->executor, [task] { task->signal.emit(boost::asio::cancellation_type::all); });
}

// False: the task, which `cell` is the outcome of, has ended.
inline bool cancel_task(ResultCell& cell, const std::shared_ptr<TaskState>& task) {
  if (cell.is_ready()) return false;
  cancel_task(task);
  return true;
}

struct TaskAccess;

}  // namespace detail

// A coroutine that runs on its own (create_task): a handle, whose copies stand for the same one, and which need not be kept.
// `co_await task` gives its value, as co_await of an AsyncResult does; who is cancelled in it cancels the task, and gets what
// the task ends with. When its execution context goes before it has ended, its result is an InvalidState.
// Thread-safety: any threads.
template <class T>
class Task {
 public:
  using value_type = T;

  Task() = default;

  // What it ends with, for coroutines and plain threads. Cancelling that does not reach the coroutine: cancel() does.
  const AsyncResult<T>& result() const { return result_; }

  // Has the coroutine's next co_await throw, and ends what it waits for. False: it has ended.
  bool cancel() const { return detail::cancel_task(detail::cell_of(result_), state_); }
  bool done() const { return result_.ready(); }
  // Whether it has ended by a cancellation.
  bool cancelled() const { return result_.cancelled(); }

  friend bool operator==(const Task& a, const Task& b) { return a.state_ == b.state_; }

 private:
  friend struct detail::TaskAccess;

  std::shared_ptr<detail::TaskState> state_;
  AsyncResult<T> result_;
};

namespace detail {

struct TaskAccess {
  template <class T>
  static const std::shared_ptr<TaskState>& state(const Task<T>& task) {
    return task.state_;
  }
  template <class T>
  static Task<T> start(const std::shared_ptr<TaskState>& state, awaitable<T> body, Begin begin) {
    Completion<T> completion;
    completion.start();  // its result's own cancel() shall not end it
    Task<T> task;
    task.state_ = state;
    task.result_ = completion.take_result();
    const auto ended = [state = task.state_](const std::exception_ptr&) {};  // the signal lives as long as its slot is used
    boost::asio::co_spawn(task.state_->executor, run_task(std::move(body), std::move(completion), task.state_, begin),
                          boost::asio::bind_cancellation_slot(task.state_->signal.slot(), ended));
    return task;
  }
};

}  // namespace detail

// Starts a coroutine on `executor`, in that one's next turn. Thread-safety: any thread.
template <class T>
Task<T> create_task(const boost::asio::any_io_executor& executor, awaitable<T> body) {
  return detail::TaskAccess::start(std::make_shared<detail::TaskState>(executor), std::move(body), detail::Begin::in_next_turn);
}

namespace detail {

template <class T>
auto& cell_of(const Task<T>& task) {
  return cell_of(task.result());
}

// The task ends by it, and with that the wait.
template <class T>
struct CancelTask {
  std::optional<WaitEnd> operator()(ResultCell&) const {
    task.cancel();
    return std::nullopt;
  }
  Task<T> task;
};
template <class T>
struct Awaited<Task<T>> {
  static auto& cell(const Task<T>& task) { return cell_of(task); }
  static CancelTask<T> on_cancel(const Task<T>& task) { return {task}; }
};

}  // namespace detail
}  // namespace troupe::async

namespace boost::asio {

template <class T>
struct is_async_operation<troupe::async::Task<T>> : true_type {};
template <class T>
struct is_async_operation<troupe::async::Task<T>&> : true_type {};
template <class T>
struct is_async_operation<const troupe::async::Task<T>&> : true_type {};

template <class T>
struct completion_signature_of<troupe::async::Task<T>> : troupe::async::detail::WaitSignature<T> {};
template <class T>
struct completion_signature_of<troupe::async::Task<T>&> : troupe::async::detail::LvalueSignature<T> {};
template <class T>
struct completion_signature_of<const troupe::async::Task<T>&> : troupe::async::detail::LvalueSignature<T> {};

template <class Signature, class T, class Executor>
class detail::awaitable_async_op<Signature, troupe::async::Task<T>, Executor>
    : public detail::TroupeWaitOp<Signature, T, troupe::async::Task<T>, Executor> {
  using detail::TroupeWaitOp<Signature, T, troupe::async::Task<T>, Executor>::TroupeWaitOp;
};

}  // namespace boost::asio
