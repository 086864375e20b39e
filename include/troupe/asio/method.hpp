// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/task.hpp>
#include <troupe/detail/deferred.hpp>
#include <troupe/this_call.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <stop_token>
#include <utility>

// A method of an actor may be a coroutine that returns asio::awaitable<R>: its caller gets an AsyncResult<R>, when the coroutine
// has ended. It runs in the actor's own thread, on an io_context that lives as long as it does, and its parameters with it; the
// actor handles nothing else meanwhile, be it reentrant or not. Who cancels the call cancels the coroutine, in its next co_await;
// a coroutine that ends with that leaves its caller with a CancelledError.
namespace troupe::detail {

template <class T, class Executor>
struct Returned<boost::asio::awaitable<T, Executor>> {
  static constexpr bool is_deferred = true;
  using Value = T;

  static AsyncResult<T> start(boost::asio::awaitable<T, Executor> coroutine) {
    const std::stop_token stop = this_call().stop_token();
    boost::asio::io_context context(1);
    const auto task = async::create_task(context.get_executor(), std::move(coroutine));
    {
      const std::stop_callback cancel(stop, [&task] { cancel_task(task); });
      context.run();
    }
    return task.result();
  }

 private:
  template <class Task>
  static void cancel_task(const Task& task) noexcept try {
    task.cancel();
  } catch (const std::exception&) {  // no memory for it: it goes on
  }
};

}  // namespace troupe::detail
