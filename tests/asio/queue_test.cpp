// SPDX-License-Identifier: BSL-1.0
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace troupe::test {
namespace {

awaitable<void> put_all(async::Queue<int>& queue, int count) {
  for (int i = 0; i < count; ++i) co_await queue.put(i);
}

TEST(Queue, KeepsTheOrderThroughLittleRoom) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue(2);
    const auto putter = co_await begun(put_all(queue, 10));
    EXPECT_TRUE(queue.full());
    for (int i = 0; i < 10; ++i) EXPECT_EQ(co_await queue.get(), i);
    co_await putter;
    EXPECT_TRUE(queue.empty());
  }());
}

TEST(Queue, ServesThoseWhoHaveWaitedLongest) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue;
    const auto first = co_await begun(queue.get());
    const auto second = co_await begun(queue.get());
    co_await put_all(queue, 3);
    EXPECT_EQ(queue.get_nowait(), 2);  // not what the two have been given
    EXPECT_EQ(queue.get_nowait(), std::nullopt);
    EXPECT_EQ(co_await first, 0);
    EXPECT_EQ(co_await second, 1);
  }());
}

TEST(Queue, GivesNothingToACancelledGetter) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue;
    const auto first = co_await begun(queue.get());
    const auto second = co_await begun(queue.get());
    first.cancel();
    co_await queue.put(5);
    EXPECT_EQ(co_await second, 5);
    EXPECT_TRUE(first.cancelled());
  }());
}

TEST(Queue, TakesNothingFromACancelledPutter) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue(1);
    co_await queue.put(0);
    const auto first = co_await begun(queue.put(1));
    const auto second = co_await begun(queue.put(2));
    first.cancel();
    EXPECT_EQ(co_await queue.get(), 0);
    EXPECT_EQ(co_await queue.get(), 2);
    co_await second;
    EXPECT_TRUE(first.cancelled());
    EXPECT_TRUE(queue.empty());
  }());
}

TEST(Queue, LosesNothingToTimeouts) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue;
    co_await text_of<TimeoutError>(async::wait_for(queue.get(), 1ms));
    co_await queue.put(5);
    EXPECT_EQ(co_await async::wait_for(queue.get(), 1h), 5);
  }());
}

TEST(Queue, DoesNotWaitWhereToldSo) {
  async::Queue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.put_nowait(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.put_nowait(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(**queue.get_nowait(), 1);
}

TEST(Queue, IsJoinedWhenAllIsDone) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue;
    co_await queue.join();
    co_await put_all(queue, 2);
    const auto joining = co_await begun(queue.join());
    co_await queue.get();
    queue.task_done();
    co_await queue.get();
    co_await others_run();
    EXPECT_FALSE(joining.done());
    queue.task_done();
    co_await joining;
    EXPECT_THROW(queue.task_done(), TaskDoneUnderflow);
  }());
}

TEST(Queue, ShutDownGivesWhatIsThereAndThenThrows) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue(1);
    co_await queue.put(0);
    const auto putter = co_await begun(queue.put(1));
    queue.shutdown();
    co_await others_run();
    EXPECT_THROW(putter.result().get(), QueueShutDown);
    EXPECT_THROW(queue.put_nowait(2), QueueShutDown);
    EXPECT_EQ(co_await queue.get(), 0);
    EXPECT_THROW(queue.get_nowait(), QueueShutDown);
  }());
}

TEST(Queue, ShutDownEndsThoseWhoWaitForValues) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue;
    const auto getter = co_await begun(queue.get());
    queue.shutdown();
    co_await others_run();
    EXPECT_THROW(getter.result().get(), QueueShutDown);
  }());
}

TEST(Queue, ShutDownAtOnceDropsWhatIsThere) {
  run([]() -> awaitable<void> {
    async::Queue<int> queue;
    co_await put_all(queue, 3);
    queue.shutdown(true);
    EXPECT_TRUE(queue.empty());
    co_await queue.join();
  }());
}

}  // namespace
}  // namespace troupe::test
