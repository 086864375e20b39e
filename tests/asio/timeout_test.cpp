// SPDX-License-Identifier: BSL-1.0
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace troupe::test {
namespace {

TEST(TimeoutScope, EndsWithItsBlock) {
  run([]() -> awaitable<void> {
    EXPECT_EQ(co_await async::timeout(1h, [] { return give_later(5); }), 5);
    EXPECT_EQ(co_await text_of<std::runtime_error>(async::timeout(1h, [] { return fail<int>("no"); })), "no");
    co_await async::timeout({}, others_run);
  }());
}

TEST(TimeoutScope, ThrowsWhenItsTimeIsOver) {
  run([]() -> awaitable<void> { co_await text_of<TimeoutError>(async::timeout(1ms, never)); }());
}

TEST(TimeoutScope, OfAnOuterTimeIsThrownByTheOuterOne) {
  run([]() -> awaitable<void> {
    bool inner_threw = false;
    co_await text_of<TimeoutError>(async::timeout(1ms, [&]() -> awaitable<void> {
      try {
        co_await async::timeout(1h, never);
      } catch (const TimeoutError&) {
        inner_threw = true;
      }
    }));
    EXPECT_FALSE(inner_threw);
  }());
}

TEST(TimeoutScope, OfAnInnerTimeIsThrownByTheInnerOne) {
  run([]() -> awaitable<void> {
    const bool inner_threw = co_await async::timeout(1h, []() -> awaitable<bool> {
      co_await text_of<TimeoutError>(async::timeout(1ms, never));
      co_await others_run();  // it was not cancelled itself
      co_return true;
    });
    EXPECT_TRUE(inner_threw);
  }());
}

TEST(TimeoutScope, CancelledFromOutsideIsNoTimeout) {
  run([]() -> awaitable<void> {
    const auto task = co_await begun(async::timeout(1h, never));
    task.cancel();
    co_await others_run();
    EXPECT_TRUE(task.cancelled());
  }());
}

TEST(TimeoutScope, MayBeGivenMoreTime) {
  run([]() -> awaitable<void> {
    const bool is_done = co_await async::timeout(1h, [](async::TimeoutScope& scope) -> awaitable<bool> {
      scope.reschedule(std::chrono::steady_clock::now() + 2h);
      co_await others_run();
      scope.reschedule(async::TimeoutScope::TimePoint::max());
      co_await others_run();
      co_return !scope.expired();
    });
    EXPECT_TRUE(is_done);
  }());
}

TEST(TimeoutScope, MayBeGivenLessTime) {
  run([]() -> awaitable<void> {
    bool is_expired = false;
    co_await text_of<TimeoutError>(async::timeout({}, [&](async::TimeoutScope& scope) -> awaitable<void> {
      scope.reschedule(std::chrono::steady_clock::now());
      EXPECT_LE(scope.when(), std::chrono::steady_clock::now());
      try {
        co_await never();
      } catch (const std::exception&) {
        is_expired = scope.expired();
        EXPECT_THROW(scope.reschedule(std::chrono::steady_clock::now()), InvalidState);
        throw;
      }
    }));
    EXPECT_TRUE(is_expired);
  }());
}

TEST(TimeoutScope, OfATimeThatIsOverCancelsAtTheFirstWait) {
  run([]() -> awaitable<void> { co_await text_of<TimeoutError>(async::timeout_at({}, never)); }());
}

TEST(TimeoutScope, ReachesACallThatIsWaitedFor) {
  run([]() -> awaitable<void> {
    Promise<int> promise;
    const auto block = [result = promise.result()](async::TimeoutScope& scope) -> awaitable<int> {
      co_await started([](async::TimeoutScope& its_scope) -> awaitable<void> {
        co_await others_run();
        its_scope.reschedule({});
      }(scope));
      co_return co_await result;
    };
    co_await text_of<TimeoutError>(async::timeout(1h, block));
    EXPECT_TRUE(promise.result().cancelled());
  }());
}

TEST(Timeout, GivesAValueThatCanOnlyBeMoved) {
  run([]() -> awaitable<void> {
    EXPECT_EQ(*co_await async::timeout(1h, [] { return give_later(std::make_unique<int>(5)); }), 5);
  }());
}

}  // namespace
}  // namespace troupe::test
