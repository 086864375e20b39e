// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio.hpp>
#include <troupe/async_result.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>

namespace troupe::campaigns {

// Who asks for the harm: a thread of the program; a callback, which runs in a thread of the runtime; or a coroutine.
enum class Asker : std::uint8_t { thread, callback, coroutine };
inline constexpr int kAskers = 3;

constexpr const char* name_of(Asker asker) {
  return asker == Asker::thread ? "thread" : asker == Asker::callback ? "callback" : "coroutine";
}

// Waits for the result as the asker does. Errors: its outcome.
template <class T>
void await_as(Asker asker, const AsyncResult<T>& result) {
  if (asker != Asker::coroutine) {
    (void)result.get();
    return;
  }
  boost::asio::io_context context(1);
  const auto wait = [](const AsyncResult<T>& awaited) -> boost::asio::awaitable<void> { (void)co_await awaited; };
  const auto task = async::create_task(context.get_executor(), wait(result));
  context.run();
  task.result().get();
}

}  // namespace troupe::campaigns
