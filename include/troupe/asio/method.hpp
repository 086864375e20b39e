// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/actor_executor.hpp>
#include <troupe/asio/task.hpp>
#include <troupe/asio/turn.hpp>
#include <troupe/detail/deferred.hpp>
#include <troupe/this_call.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <stop_token>
#include <utility>

// A method of an actor may be a coroutine that returns asio::awaitable<R>: its caller gets an AsyncResult<R>, when the coroutine
// has ended. It runs in the actor's own thread, its parameters live as long as it does, and this_call() is its call in all of
// it. Who cancels the call cancels the coroutine, in its next co_await; a coroutine that ends with that leaves its caller with a
// CancelledError.
//
// By default the actor handles nothing else until it has ended; so co_await of a call to that actor is a WouldDeadlock. So is,
// after some 20 ms, one of a call to an actor that waits for this one in turn, through however many others, by threads or such
// coroutines of theirs; one of the ring gets it. That is found where nothing but the outcomes of calls without deadlines, all to
// one actor, can make anything happen in the coroutine: it waits for one, with co_await or a token, or for several of them, with
// gather, wait or as_completed. While it has a timer, a coroutine beside itself (create_task, a TaskGroup, an awaitable in a
// gather, &&, ||), a result that comes from elsewhere (a Promise, then()) or a call to another actor still to wait for, that
// might end it, and nothing is said. A cancellation that might come from outside is not waited for.
//
// Where its class says `static constexpr bool reentrant = true`, it begins in its turn, and in its first co_await that has to
// wait the turn ends: from then on other messages are handled, and other coroutines go on, whenever it waits; but never two of
// them at the same time. Its executor (this_coro::executor) is the way to the actor's thread for any code and from any thread. A
// coroutine whose caller has gone goes on, and its result is dropped. An actor that is told to stop begins no more calls, those
// of its own coroutines included, and waits for the coroutines of calls. What else these have started on their executor is
// destroyed then where it waits, before the actor is.
namespace troupe::async::detail {

// Of a stop token.
struct CancelTaskOnStop {
  void operator()() const noexcept try { cancel_task(task); } catch (const std::exception&) {  // no memory for it: it goes on
  }
  std::shared_ptr<TaskState> task;
};

// Runs a coroutine of `task`, together with what its parameters may look at.
template <class T, class Arguments>
awaitable<T> serve([[maybe_unused]] std::unique_ptr<Arguments> arguments, awaitable<T> body, std::shared_ptr<TaskState> task,
                   std::stop_token stop) {
  const std::stop_callback cancel(stop, CancelTaskOnStop{std::move(task)});
  co_return co_await std::move(body);
}

}  // namespace troupe::async::detail

namespace troupe::detail {

template <class T, class Executor>
struct Returned<boost::asio::awaitable<T, Executor>> {
  static constexpr bool is_deferred = true;
  static constexpr bool goes_on_by_parts = true;
  using Value = T;

  static AsyncResult<T> start(boost::asio::awaitable<T, Executor> coroutine) {
    const std::stop_token stop = this_call().stop_token();
    boost::asio::io_context context(1);
    const auto task = async::create_task(context.get_executor(), std::move(coroutine));
    {
      const std::stop_callback cancel(stop, [&task] { cancel_task(task); });
      const OneTurn in_turn(static_cast<const boost::asio::execution_context*>(&context));
      async::detail::run_turn(context, task);
    }
    return task.result();
  }

  template <class Arguments>
  static AsyncResult<T> start_by_parts(boost::asio::awaitable<T, Executor> coroutine, std::unique_ptr<Arguments> arguments) {
    namespace parts = async::detail;
    const parts::ActorExecutor executor(std::make_shared<const parts::CoroutineCall>(ActorThread::open_call()));
    const RunningFor running(executor.call());
    const auto state = std::make_shared<parts::TaskState>(executor);
    auto body = parts::serve(std::move(arguments), std::move(coroutine), state, executor.call().stop);
    return parts::TaskAccess::start(state, std::move(body), parts::Begin::at_once).result();
  }

 private:
  template <class Task>
  static void cancel_task(const Task& task) noexcept try {
    task.cancel();
  } catch (const std::exception&) {  // no memory for it: it goes on
  }
};

}  // namespace troupe::detail
