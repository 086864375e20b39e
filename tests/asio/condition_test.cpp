// SPDX-License-Identifier: BSL-1.0
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::test {
namespace {

struct Stage {
  async::Lock lock;
  async::Condition condition{lock};
  std::vector<int> order;

  awaitable<void> note_notified(int number) {
    const auto held = co_await lock.held();
    co_await condition.wait();
    order.push_back(number);
  }
  awaitable<void> notify(std::size_t count) {
    const auto held = co_await lock.held();
    condition.notify(count);
  }
};

TEST(Condition, WakesThoseWhoHaveWaitedLongest) {
  run([]() -> awaitable<void> {
    Stage stage;
    const auto first = co_await begun(stage.note_notified(1));
    const auto second = co_await begun(stage.note_notified(2));
    const auto third = co_await begun(stage.note_notified(3));
    co_await stage.notify(2);
    co_await others_run();
    EXPECT_EQ(stage.order, (std::vector{1, 2}));
    co_await stage.notify(5);
    co_await async::gather(first, second, third);
    EXPECT_EQ(stage.order, (std::vector{1, 2, 3}));
    EXPECT_FALSE(stage.lock.locked());
  }());
}

TEST(Condition, WaitsForWhatBecomesTrue) {
  run([]() -> awaitable<void> {
    Stage stage;
    int value = 0;
    const auto waiting = co_await begun([](Stage& its_stage, const int& its_value) -> awaitable<void> {
      const auto held = co_await its_stage.lock.held();
      co_await its_stage.condition.wait_for([&] { return its_value == 2; });
    }(stage, value));
    for (value = 1; value < 2; ++value) {
      co_await stage.notify(1);
      co_await others_run();
      EXPECT_FALSE(waiting.done());
    }
    co_await stage.notify(1);
    co_await waiting;
  }());
}

TEST(Condition, GivesANotificationToOneThatIsNotCancelled) {
  run([]() -> awaitable<void> {
    Stage stage;
    const auto first = co_await begun(stage.note_notified(1));
    const auto second = co_await begun(stage.note_notified(2));
    co_await stage.lock.acquire();
    first.cancel();
    stage.condition.notify();
    stage.lock.release();
    co_await second;
    EXPECT_EQ(stage.order, std::vector{2});
    EXPECT_TRUE(first.cancelled());
    EXPECT_FALSE(stage.lock.locked());
  }());
}

TEST(Condition, CancelledWhileItTakesTheLockAgainDoesNotLoseItsNotification) {
  run([]() -> awaitable<void> {
    Stage stage;
    const auto first = co_await begun(stage.note_notified(1));
    co_await stage.lock.acquire();
    stage.condition.notify();
    co_await others_run();  // it waits for the lock
    first.cancel();
    co_await others_run();
    EXPECT_FALSE(first.done());
    stage.lock.release();
    co_await others_run();
    EXPECT_EQ(stage.order, std::vector{1});
    EXPECT_FALSE(stage.lock.locked());
  }());
}

TEST(Condition, WantsItsLockToBeHeld) {
  Stage stage;
  EXPECT_THROW((void)stage.condition.wait(), LockStateError);
  EXPECT_THROW(stage.condition.notify_all(), LockStateError);
}

}  // namespace
}  // namespace troupe::test
