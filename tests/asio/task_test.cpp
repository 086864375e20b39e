// SPDX-License-Identifier: BSL-1.0
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace troupe::test {
namespace {

TEST(Task, StartsInTheNextTurn) {
  run([]() -> awaitable<void> {
    bool has_begun = false;
    const auto task = co_await started([](bool& begun) -> awaitable<void> {
      begun = true;
      co_return;
    }(has_begun));
    EXPECT_FALSE(has_begun);
    co_await task;
    EXPECT_TRUE(has_begun);
  }());
}

TEST(Task, GivesItsValueAndItsError) {
  run([]() -> awaitable<void> {
    EXPECT_EQ(co_await co_await started(give(5)), 5);
    const auto failed = co_await started(fail<int>("no"));
    EXPECT_EQ(co_await text_of<std::runtime_error>([](auto task) -> awaitable<int> { co_return co_await task; }(failed)), "no");
  }());
}

TEST(Task, MovesAValueThatCanOnlyBeMoved) {
  run([]() -> awaitable<void> {
    auto task = co_await begun([]() -> awaitable<std::unique_ptr<int>> { co_return std::make_unique<int>(5); }());
    EXPECT_EQ(*co_await std::move(task), 5);
  }());
}

TEST(Task, CancelledBeforeItsStartNeverRuns) {
  run([]() -> awaitable<void> {
    bool has_begun = false;
    const auto task = co_await started([](bool& begun) -> awaitable<void> {
      begun = true;
      co_return;
    }(has_begun));
    EXPECT_TRUE(task.cancel());
    co_await others_run();
    EXPECT_FALSE(has_begun);
    EXPECT_TRUE(task.cancelled());
    EXPECT_FALSE(task.cancel());
  }());
}

TEST(Task, CancelledWhileItWaitsEndsWithACancelledError) {
  run([]() -> awaitable<void> {
    const auto task = co_await begun(never());
    EXPECT_TRUE(task.cancel());
    co_await others_run();
    EXPECT_TRUE(task.done());
    EXPECT_TRUE(task.cancelled());
  }());
}

TEST(Task, IsCancelledByWhoIsCancelledWhileItWaitsForIt) {
  run([]() -> awaitable<void> {
    const auto inner = co_await begun(never());
    const auto outer = co_await begun([](auto task) -> awaitable<void> { co_await task; }(inner));
    outer.cancel();
    co_await others_run();
    EXPECT_TRUE(inner.cancelled());
    EXPECT_TRUE(outer.cancelled());
  }());
}

TEST(Task, IsWaitedForByPlainThreads) {
  asio::io_context context;
  auto work = asio::make_work_guard(context);
  std::jthread runner([&] { context.run(); });
  EXPECT_EQ(async::create_task(context.get_executor(), give_later(5)).result().get(), 5);
  const auto endless = async::create_task(context.get_executor(), never());
  endless.cancel();
  EXPECT_THROW(endless.result().get(), CancelledError);
  work.reset();
}

TEST(Task, OfAContextThatGoesIsInvalid) {
  async::Task<void> task;
  {
    asio::io_context context;
    task = async::create_task(context.get_executor(), never());
    context.poll();
  }
  EXPECT_THROW(task.result().get(), InvalidState);
}

}  // namespace
}  // namespace troupe::test
