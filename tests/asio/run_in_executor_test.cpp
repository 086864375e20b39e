// SPDX-License-Identifier: BSL-1.0
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <boost/asio/thread_pool.hpp>

#include <future>
#include <memory>
#include <thread>

namespace troupe::test {
namespace {

TEST(RunInExecutor, GivesWhatTheFunctionGives) {
  asio::thread_pool pool(1);
  run([](asio::thread_pool& its_pool) -> awaitable<void> {
    const auto here = std::this_thread::get_id();
    EXPECT_NE(co_await async::run_in_executor(its_pool, [] { return std::this_thread::get_id(); }), here);
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_EQ(*co_await async::run_in_executor(
                  its_pool.get_executor(), [](int n) { return std::make_unique<int>(n + 1); }, 4),
              5);
    co_await async::run_in_executor(
        its_pool, [](std::unique_ptr<int>) {}, std::make_unique<int>(1));
  }(pool));
}

TEST(RunInExecutor, ThrowsWhatTheFunctionThrows) {
  asio::thread_pool pool(1);
  const auto failed = async::run_in_executor(pool, []() -> int { throw std::out_of_range("no"); });
  EXPECT_THROW(failed.get(), std::out_of_range);
}

TEST(RunInExecutor, OfACancelledOneNeverBegins) {
  asio::thread_pool pool(1);
  std::promise<void> gate;
  bool has_begun = false;
  const auto first = async::run_in_executor(pool, [open = gate.get_future().share()] { open.get(); });
  const auto second = async::run_in_executor(pool, [&] { has_begun = true; });
  EXPECT_TRUE(second.cancel());
  gate.set_value();
  pool.join();
  EXPECT_FALSE(has_begun);
  EXPECT_TRUE(first.successful());
}

TEST(RunInExecutor, OfOneThatRunsIsNotWaitedForAfterACancellation) {
  asio::thread_pool pool(1);
  run([](asio::thread_pool& its_pool) -> awaitable<void> {
    std::promise<void> begun_promise, gate;
    const auto result =
        async::run_in_executor(its_pool, [&, open = gate.get_future().share()] { begun_promise.set_value(), open.get(); });
    begun_promise.get_future().get();
    const auto task = co_await begun([](auto waited) -> awaitable<void> { co_await waited; }(result));
    task.cancel();
    co_await others_run();
    EXPECT_TRUE(task.cancelled());
    EXPECT_FALSE(result.ready());
    gate.set_value();
    result.get();
  }(pool));
}

struct Submitter {
  template <class F, class... Args>
  AsyncResult<int> submit(F f, Args... args) {
    Promise<int> promise;
    promise.set_value(f(args...) + 1);
    return promise.result();
  }
};

TEST(RunInExecutor, TakesWhatSubmits) {
  Submitter submitter;
  EXPECT_EQ(async::run_in_executor(
                submitter, [](int n) { return n; }, 4)
                .get(),
            5);
}

}  // namespace
}  // namespace troupe::test
