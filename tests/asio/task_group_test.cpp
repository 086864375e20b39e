// SPDX-License-Identifier: BSL-1.0
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace troupe::test {
namespace {

using async::TaskGroup;

// An error that comes when this is cancelled.
awaitable<void> fail_in_the_end(std::string text) {
  bool is_cancelled = false;
  try {
    co_await never();
  } catch (const std::exception&) {
    is_cancelled = true;
  }
  if (is_cancelled) throw std::runtime_error(text);
}

TEST(TaskGroup, WaitsForAllItsTasks) {
  run([]() -> awaitable<void> {
    async::Task<int> first, second;
    const int value = co_await TaskGroup::run([&](TaskGroup& group) -> awaitable<int> {
      first = group.create_task(give_later(1));
      second = group.create_task([](TaskGroup& its_group) -> awaitable<int> {
        its_group.create_task(others_run());
        co_return 2;
      }(group));
      co_return 5;
    });
    EXPECT_EQ(value, 5);
    EXPECT_TRUE(first.done());
    EXPECT_EQ(co_await first + co_await second, 3);
  }());
}

TEST(TaskGroup, CancelsTheOthersAtTheFirstErrorAndThrowsAllErrors) {
  run([]() -> awaitable<void> {
    async::Task<void> endless;
    bool is_block_cancelled = false;
    try {
      co_await TaskGroup::run([&](TaskGroup& group) -> awaitable<void> {
        endless = group.create_task(never());
        group.create_task(fail_in_the_end("second"));
        group.create_task(fail<void>("first"));
        try {
          co_await never();
        } catch (const std::exception&) {
          is_block_cancelled = true;
          EXPECT_THROW(group.create_task(never()), InvalidState);
          throw;
        }
      });
      ADD_FAILURE();
    } catch (const async::ExceptionGroup& errors) {
      EXPECT_EQ(errors.exceptions().size(), 2u);
      EXPECT_STREQ(errors.what(), "unhandled errors in a TaskGroup (2 errors); first; second");
    }
    EXPECT_TRUE(is_block_cancelled);
    EXPECT_TRUE(endless.cancelled());
  }());
}

TEST(TaskGroup, AnErrorOfTheBlockCancelsTheTasks) {
  run([]() -> awaitable<void> {
    async::Task<void> endless;
    const std::string text = co_await text_of<async::ExceptionGroup>(TaskGroup::run([&](TaskGroup& group) -> awaitable<void> {
      endless = group.create_task(never());
      co_await others_run();
      throw std::runtime_error("block");
    }));
    EXPECT_EQ(text, "unhandled errors in a TaskGroup (1 error); block");
    EXPECT_TRUE(endless.cancelled());
  }());
}

TEST(TaskGroup, ACancelledTaskIsNoError) {
  run([]() -> awaitable<void> {
    co_await TaskGroup::run([](TaskGroup& group) -> awaitable<void> {
      group.create_task(never()).cancel();
      co_await others_run();
    });
  }());
}

TEST(TaskGroup, CancelledFromOutsideCancelsAllAndWaits) {
  run([]() -> awaitable<void> {
    async::Task<void> endless;
    const auto whole = co_await begun(TaskGroup::run([&](TaskGroup& group) -> awaitable<void> {
      endless = group.create_task(never());
      co_return;
    }));
    whole.cancel();
    co_await others_run();
    EXPECT_TRUE(endless.cancelled());
    EXPECT_TRUE(whole.cancelled());
  }());
}

TEST(TaskGroup, CancelledFromOutsideStillTellsErrors) {
  run([]() -> awaitable<void> {
    const auto whole = co_await begun(TaskGroup::run([&](TaskGroup& group) -> awaitable<void> {
      group.create_task(fail_in_the_end("late"));
      co_return;
    }));
    whole.cancel();
    co_await others_run();
    EXPECT_THROW(whole.result().get(), async::ExceptionGroup);
  }());
}

TEST(TaskGroup, EndsWithItsTimeout) {
  run([]() -> awaitable<void> {
    co_await text_of<TimeoutError>(async::timeout(1ms, [] {
      return TaskGroup::run([](TaskGroup& group) -> awaitable<void> {
        group.create_task(never());
        co_await never();
      });
    }));
  }());
}

TEST(TaskGroup, GivesAValueThatCanOnlyBeMoved) {
  run([]() -> awaitable<void> {
    const auto value = co_await TaskGroup::run([](TaskGroup& group) -> awaitable<std::unique_ptr<int>> {
      group.create_task(others_run());
      co_return std::make_unique<int>(5);
    });
    EXPECT_EQ(*value, 5);
  }());
}

}  // namespace
}  // namespace troupe::test
