// SPDX-License-Identifier: BSL-1.0
// AsyncResult among the coroutines and completion tokens of Boost.Asio (1.81): result.async_wait(token), `co_await result`; and,
// in troupe::async, what asyncio's users know. With <troupe/asio/….hpp> the only public headers that bring Asio.
#pragma once

#include <troupe/asio/as_completed.hpp>
#include <troupe/asio/async_wait.hpp>
#include <troupe/asio/barrier.hpp>
#include <troupe/asio/co_await.hpp>
#include <troupe/asio/condition.hpp>
#include <troupe/asio/event.hpp>
#include <troupe/asio/gather.hpp>
#include <troupe/asio/lock.hpp>
#include <troupe/asio/method.hpp>
#include <troupe/asio/queue.hpp>
#include <troupe/asio/run_in_executor.hpp>
#include <troupe/asio/semaphore.hpp>
#include <troupe/asio/shield.hpp>
#include <troupe/asio/task.hpp>
#include <troupe/asio/task_group.hpp>
#include <troupe/asio/timeout.hpp>
#include <troupe/asio/wait.hpp>
#include <troupe/asio/wait_for.hpp>
