// SPDX-License-Identifier: BSL-1.0
// async_wait with each completion token.
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <tuple>

namespace troupe::test {
namespace {

AsyncResult<int> ready(int value) {
  Promise<int> promise;
  promise.set_value(value);
  return promise.result();
}

struct Outcome {
  std::exception_ptr error;
  int value = 0;
};

TEST(AsyncWait, CallsAFunctionOnItsExecutorAndNotAtOnce) {
  asio::io_context context;
  std::optional<Outcome> seen;
  ready(5).async_wait(asio::bind_executor(context, [&](std::exception_ptr error, int value) { seen = Outcome{error, value}; }));
  EXPECT_FALSE(seen);
  context.run();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->error, nullptr);
  EXPECT_EQ(seen->value, 5);
}

TEST(AsyncWait, GivesAnErrorBesideAValue) {
  asio::io_context context;
  Promise<int> promise;
  promise.set_exception(std::make_exception_ptr(std::out_of_range("5")));
  std::optional<Outcome> seen;
  promise.result().async_wait(asio::bind_executor(context, [&](std::exception_ptr error, int value) {
    seen = Outcome{error, value};
  }));
  context.run();
  ASSERT_TRUE(seen);
  EXPECT_THROW(std::rethrow_exception(seen->error), std::out_of_range);
  EXPECT_EQ(seen->value, 0);
}

TEST(AsyncWait, OfVoidGivesTheErrorAlone) {
  asio::io_context context;
  Promise<void> promise;
  int calls = 0;
  promise.result().async_wait(asio::bind_executor(context, [&](std::exception_ptr error) { calls += error == nullptr; }));
  promise.set_value();
  context.run();
  EXPECT_EQ(calls, 1);
}

TEST(AsyncWait, KeepsItsContextRunningUntilTheResultComes) {
  asio::io_context context;
  Promise<int> promise;
  std::thread::id ran_in;
  promise.result().async_wait(
      asio::bind_executor(context, [&](std::exception_ptr, int) { ran_in = std::this_thread::get_id(); }));
  std::jthread runner([&] { context.run(); });
  promise.set_value(1);
  const auto expected = runner.get_id();
  runner.join();
  EXPECT_EQ(ran_in, expected);
}

TEST(AsyncWait, GivesAFuture) {
  asio::io_context context;
  Promise<int> promise;
  std::future<int> future = promise.result().async_wait(asio::bind_executor(context, asio::use_future));
  promise.set_exception(std::make_exception_ptr(std::out_of_range("5")));
  context.run();
  EXPECT_THROW(future.get(), std::out_of_range);
}

TEST(AsyncWait, GivesAnAwaitable) {
  EXPECT_EQ(run([]() -> awaitable<int> { co_return co_await ready(5).async_wait(asio::use_awaitable); }()), 5);
}

TEST(AsyncWait, IsDeferred) {
  EXPECT_EQ(run([]() -> awaitable<int> {
              auto operation = ready(5).async_wait(asio::deferred);
              co_return co_await std::move(operation)(asio::use_awaitable);
            }()),
            5);
}

TEST(AsyncWait, GivesATuple) {
  const auto [error, value] = run([]() -> awaitable<std::tuple<std::exception_ptr, int>> {
    Promise<int> promise;
    promise.set_exception(std::make_exception_ptr(std::out_of_range("5")));
    co_return co_await promise.result().async_wait(asio::as_tuple(asio::use_awaitable));
  }());
  EXPECT_THROW(std::rethrow_exception(error), std::out_of_range);
  EXPECT_EQ(value, 0);
}

TEST(AsyncWait, Detached) {
  asio::io_context context;
  ready(5).async_wait(asio::bind_executor(context, asio::detached));
  EXPECT_GE(context.run(), 1u);
}

TEST(AsyncWait, MovesAValueOutOfTheLastHandle) {
  asio::io_context context;
  std::unique_ptr<int> seen;
  auto promise = std::make_unique<Promise<std::unique_ptr<int>>>();
  auto result = promise->result();
  promise->set_value(std::make_unique<int>(5));
  promise.reset();
  std::move(result).async_wait(
      asio::bind_executor(context, [&](std::exception_ptr, std::unique_ptr<int> value) { seen = std::move(value); }));
  context.run();
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(*seen, 5);
}

TEST(AsyncWait, RunsOnTheStrandOfItsHandler) {
  asio::thread_pool pool(2);
  auto strand = asio::make_strand(pool);
  Promise<int> promise;
  std::promise<bool> seen;
  promise.result().async_wait(
      asio::bind_executor(strand, [&](std::exception_ptr, int) { seen.set_value(strand.running_in_this_thread()); }));
  promise.set_value(1);
  EXPECT_TRUE(seen.get_future().get());
}

template <class T>
struct CountingAllocator {
  using value_type = T;

  explicit CountingAllocator(int& its_count, int& its_total) : count(&its_count), total(&its_total) {}
  template <class U>
  CountingAllocator(const CountingAllocator<U>& other) : count(other.count), total(other.total) {}

  T* allocate(std::size_t size) {
    ++*count;
    ++*total;
    return std::allocator<T>().allocate(size);
  }
  void deallocate(T* pointer, std::size_t size) {
    --*count;
    std::allocator<T>().deallocate(pointer, size);
  }
  template <class U>
  bool operator==(const CountingAllocator<U>& other) const {
    return count == other.count;
  }

  int* count;
  int* total;
};

TEST(AsyncWait, GivesTheAllocatorAllBackBeforeTheHandlerIsCalled) {
  asio::io_context context;
  int count = 0, total = 0, count_in_handler = -1;
  Promise<int> promise;
  promise.result().async_wait(
      asio::bind_allocator(CountingAllocator<int>(count, total),
                           asio::bind_executor(context, [&](std::exception_ptr, int) { count_in_handler = count; })));
  EXPECT_GT(count, 0);
  promise.set_value(1);
  context.run();
  EXPECT_EQ(count_in_handler, 0);
  EXPECT_GT(total, 0);
}

TEST(AsyncWait, ReachesTheResultThroughACancellationSlot) {
  asio::io_context context;
  asio::cancellation_signal signal;
  Promise<int> promise;
  const auto result = promise.result();
  std::optional<Outcome> seen;
  result.async_wait(
      asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context, [&](std::exception_ptr error, int value) {
                                     seen = Outcome{error, value};
                                   })));
  signal.emit(asio::cancellation_type::partial);
  EXPECT_FALSE(result.cancelled());
  signal.emit(asio::cancellation_type::total);
  EXPECT_TRUE(result.cancelled());
  EXPECT_FALSE(seen);
  context.run();
  ASSERT_TRUE(seen);
  EXPECT_THROW(std::rethrow_exception(seen->error), CancelledError);
  EXPECT_FALSE(signal.slot().has_handler());
}

TEST(AsyncWait, EndsAtOnceWhenWhatRunsIsCancelled) {
  asio::io_context context;
  asio::cancellation_signal signal;
  Promise<int> promise;
  promise.set_running();
  std::optional<Outcome> seen;
  promise.result().async_wait(
      asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context, [&](std::exception_ptr error, int value) {
                                     seen = Outcome{error, value};
                                   })));
  signal.emit(asio::cancellation_type::terminal);
  context.run();
  ASSERT_TRUE(seen);
  EXPECT_THROW(std::rethrow_exception(seen->error), CancelledError);
  promise.set_value(5);
  EXPECT_EQ(promise.result().get(), 5);
}

TEST(AsyncWait, GoesUncalledWithItsContext) {
  const auto owned = std::make_shared<int>(5);
  Promise<int> promise;
  {
    asio::io_context context;
    promise.result().async_wait(asio::bind_executor(context, [owned](std::exception_ptr, int) { FAIL(); }));
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
  promise.set_value(1);
}

TEST(AsyncWait, OfAnEmptyHandleThrows) { EXPECT_THROW(AsyncResult<int>().async_wait(asio::detached), InvalidState); }

}  // namespace
}  // namespace troupe::test
