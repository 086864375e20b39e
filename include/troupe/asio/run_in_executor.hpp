// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/completion.hpp>
#include <troupe/async_result.hpp>

#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>

#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::async {

namespace detail {

template <class E, class F, class... Args>
concept Submits = requires(E& executor, F f, Args... args) {
  executor.submit(std::move(f), std::move(args)...);
};

template <class R, class F, class Args>
void run_for(Completion<R>& completion, F& f, Args& args) {
  try {
    if constexpr (std::is_void_v<R>) {
      std::apply(f, std::move(args));
      completion.set_value();
    } else {
      completion.set_value(std::apply(f, std::move(args)));
    }
  } catch (...) {
    completion.set_exception(std::current_exception());
  }
}

template <class Target, class F, class... Args>
auto run_posted(Target& target, F f, Args... args) {
  using R = std::decay_t<std::invoke_result_t<F&, Args...>>;
  Completion<R> completion;
  AsyncResult<R> result = completion.take_result();
  boost::asio::post(target,
                    [completion = std::move(completion), f = std::move(f), args = std::tuple(std::move(args)...)]() mutable {
                      if (completion.start()) run_for(completion, f, args);
                    });
  return result;
}

}  // namespace detail

// Runs f(args...) where it may block: in `executor`, which is an Asio executor or execution context (such as an
// asio::thread_pool), or has submit(f, args...) (a ThreadPoolExecutor, a ProcessPoolExecutor). The outcome is co_await'ed, as any
// AsyncResult. Cancelled before it has begun, f never runs; afterwards it runs on, and nobody waits for it (C-72).
template <class E, class F, class... Args>
auto run_in_executor(E& executor, F f, Args... args) {
  if constexpr (detail::Submits<E, F, Args...>) {
    return executor.submit(std::move(f), std::move(args)...);
  } else {
    return detail::run_posted(executor, std::move(f), std::move(args)...);
  }
}
template <class E, class F, class... Args>
requires(boost::asio::execution::is_executor<E>::value) auto run_in_executor(const E& executor, F f, Args... args) {
  return detail::run_posted(executor, std::move(f), std::move(args)...);
}

// In the threads of Asio's system_context.
inline const boost::asio::system_executor default_executor;

}  // namespace troupe::async
