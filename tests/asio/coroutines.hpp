// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::test {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

// Runs a coroutine to its end, alone in a context; so that is empty at the end.
template <class T>
T run(awaitable<T> body) {
  asio::io_context context(1);
  auto future = asio::co_spawn(context, std::move(body), asio::use_future);
  context.run();
  return future.get();
}

// Lets everything run that is ready, and what that makes ready: more often than anything in these tests is handed on.
inline awaitable<void> others_run() {
  for (int i = 0; i < 50; ++i) co_await asio::post(asio::use_awaitable);
}

inline awaitable<void> never() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

template <class T>
awaitable<T> give(T value) {
  co_return value;
}

template <class T>
awaitable<T> give_later(T value) {
  co_await others_run();
  co_return value;
}

template <class T>
awaitable<T> fail(std::string text) {
  throw std::runtime_error(text);
  co_return T();
}

template <class T>
awaitable<async::Task<T>> started(awaitable<T> body) {
  co_return async::create_task(co_await asio::this_coro::executor, std::move(body));
}

// Starts `body`, and goes on when it can go no further.
template <class T>
awaitable<async::Task<T>> begun(awaitable<T> body) {
  auto task = co_await started(std::move(body));
  co_await others_run();
  co_return task;
}

// What `body` throws, which must be an E.
template <class E, class T>
awaitable<std::string> text_of(awaitable<T> body) {
  try {
    (void)co_await std::move(body);
  } catch (const E& error) {
    co_return error.what();
  }
  throw std::logic_error("nothing of that type was thrown");
}
template <class E>
awaitable<std::string> text_of(awaitable<void> body) {
  try {
    co_await std::move(body);
  } catch (const E& error) {
    co_return error.what();
  }
  throw std::logic_error("nothing of that type was thrown");
}

}  // namespace troupe::test
