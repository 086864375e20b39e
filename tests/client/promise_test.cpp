// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <troupe/async_result.hpp>

#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace troupe {
namespace {

using std::chrono::milliseconds;

TEST(Promise, GivesItsValueToItsResult) {
  Promise<int> promise;
  const auto result = promise.result();
  EXPECT_FALSE(result.ready());
  promise.set_value(5);
  EXPECT_TRUE(result.ready());
  EXPECT_TRUE(result.successful());
  EXPECT_EQ(result.get(), 5);
  EXPECT_EQ(result.exception(), nullptr);
}

TEST(Promise, GivesItsExceptionToItsResult) {
  Promise<std::string> promise;
  promise.set_exception(std::make_exception_ptr(std::out_of_range("far")));
  EXPECT_FALSE(promise.result().successful());
  EXPECT_THROW(promise.result().get(), std::out_of_range);
  EXPECT_NE(promise.result().exception(), nullptr);
}

TEST(Promise, TakesOneOutcomeOnly) {
  Promise<int> promise;
  promise.set_value(1);
  EXPECT_THROW(promise.set_value(2), InvalidState);
  EXPECT_THROW(promise.set_exception(std::make_exception_ptr(1)), InvalidState);
  EXPECT_EQ(promise.result().get(), 1);
}

TEST(Promise, ThatIsDestroyedWithoutOutcomeReleasesWaiters) {
  AsyncResult<int> result;
  std::jthread waiter;
  {
    Promise<int> promise;
    result = promise.result();
    waiter = std::jthread([result] { EXPECT_THROW(result.get(), InvalidState); });
  }
  EXPECT_THROW(result.get(), InvalidState);
}

TEST(Promise, OfVoidHasNoValue) {
  Promise<void> promise;
  promise.set_value();
  EXPECT_NO_THROW(promise.result().get());
}

TEST(AsyncResult, EmptyHandleThrows) {
  const AsyncResult<int> empty;
  EXPECT_FALSE(empty.valid());
  EXPECT_THROW(empty.get(), InvalidState);
  EXPECT_THROW(empty.ready(), InvalidState);
}

TEST(AsyncResult, WaitEndsAtItsTimeout) {
  Promise<int> promise;
  const auto result = promise.result();
  EXPECT_FALSE(result.wait(milliseconds(1)));
  EXPECT_FALSE(result.wait(milliseconds(-5)));
  EXPECT_THROW(result.get(milliseconds(1)), TimeoutError);
  EXPECT_THROW(result.exception(milliseconds(0)), TimeoutError);
  EXPECT_THROW(result.successful(), ResultNotReady);
}

TEST(AsyncResult, LvalueGetLeavesTheValueWhereItIs) {
  Promise<std::string> promise;
  const auto result = promise.result();
  promise.set_value(std::string(100, 'x'));
  const std::string& first = result.get();
  EXPECT_EQ(&first, &result.get());
}

TEST(AsyncResult, RvalueGetMovesOnlyFromTheLastHandle) {
  AsyncResult<std::string> result;
  {
    Promise<std::string> promise;
    result = promise.result();
    promise.set_value(std::string(100, 'x'));
  }
  auto copy = result;
  EXPECT_EQ(std::move(copy).get().size(), 100u);
  copy = {};
  EXPECT_EQ(std::move(result).get().size(), 100u);
  EXPECT_EQ(result.get().size(), 0u);
}

TEST(AsyncResult, CallbacksRunInOrderAndAtOnceWhenDone) {
  Promise<int> promise;
  std::string order;
  promise.result().on_done([&] { order += 'a'; });
  promise.result().on_done([&](AsyncResult<int> result) { order += std::to_string(result.get()); });
  promise.result().on_done([owned = std::make_unique<char>('c'), &order] { order += *owned; });
  EXPECT_EQ(order, "");
  promise.set_value(7);
  EXPECT_EQ(order, "a7c");
  promise.result().on_done([&] { order += 'd'; });
  EXPECT_EQ(order, "a7cd");
}

TEST(AsyncResult, CallbackThatRegistersAnotherRunsItAtOnce) {
  Promise<int> promise;
  std::string order;
  auto result = promise.result();
  result.on_done([&] {
    order += 'a';
    result.on_done([&] { order += 'b'; });
    order += 'c';
  });
  promise.set_value(7);
  EXPECT_EQ(order, "abc");
}

TEST(AsyncResult, EveryCallbackRunsOnceHoweverRegistrationAndCompletionRace) {
  for (int round = 0; round < 2000; ++round) {
    Promise<int> promise;
    auto result = promise.result();
    std::atomic<int> runs{0};
    std::jthread registers([&, result] {
      for (int i = 0; i < 4; ++i) result.on_done([&] { ++runs; });
    });
    promise.set_value(1);
    registers.join();
    result.wait();
    EXPECT_EQ(runs.load(), 4);
  }
}

TEST(AsyncResult, ReleasesAllItsWaiters) {
  for (int round = 0; round < 500; ++round) {
    Promise<int> promise;
    std::vector<std::jthread> waiters;
    for (int i = 0; i < 4; ++i) waiters.emplace_back([result = promise.result()] { EXPECT_EQ(result.get(), 3); });
    promise.set_value(3);
  }
}

TEST(Promise, IsCancelledByItsResult) {
  Promise<int> promise;
  const auto result = promise.result();
  EXPECT_TRUE(result.cancel());
  EXPECT_TRUE(result.cancel());
  EXPECT_TRUE(result.ready());
  EXPECT_TRUE(result.cancelled());
  EXPECT_FALSE(result.running());
  EXPECT_FALSE(result.successful());
  EXPECT_THROW(result.get(), CancelledError);
  EXPECT_FALSE(promise.set_running());
  EXPECT_THROW(promise.set_value(1), InvalidState);
}

TEST(Promise, ThatIsRunningCannotBeCancelled) {
  Promise<int> promise;
  const auto result = promise.result();
  EXPECT_FALSE(result.running());
  EXPECT_TRUE(promise.set_running());
  EXPECT_TRUE(result.running());
  EXPECT_FALSE(result.cancel());
  promise.set_value(1);
  EXPECT_FALSE(result.running());
  EXPECT_FALSE(result.cancel());
  EXPECT_FALSE(result.cancelled());
  EXPECT_EQ(result.get(), 1);
}

TEST(Promise, MayBeGivenACancellation) {
  Promise<void> promise;
  promise.set_exception(std::make_exception_ptr(CancelledError()));
  EXPECT_TRUE(promise.result().cancelled());
}

TEST(AsyncResult, RunsItsCallbacksWhereItIsCancelled) {
  Promise<int> promise;
  std::string order;
  promise.result().on_done([&](const AsyncResult<int>& result) { order += result.cancelled() ? 'a' : '-'; });
  promise.result().on_done([&] { order += 'b'; });
  promise.result().cancel();
  EXPECT_EQ(order, "ab");
}

TEST(AsyncResult, IsEitherStartedOrCancelledHoweverTheyRace) {
  int cancelled = 0;
  for (int round = 0; round < 2000; ++round) {
    Promise<int> promise;
    const auto result = promise.result();
    bool was_cancelled = false;
    std::jthread canceller([&] { was_cancelled = result.cancel(); });
    const bool has_started = promise.set_running();
    if (has_started) promise.set_value(1);
    canceller.join();
    EXPECT_NE(has_started, was_cancelled);
    EXPECT_EQ(result.cancelled(), was_cancelled);
    cancelled += was_cancelled ? 1 : 0;
  }
  RecordProperty("cancelled", cancelled);
}

TEST(AsyncResult, IsEitherCompletedOrCancelledHoweverTheyRace) {
  for (int round = 0; round < 2000; ++round) {
    Promise<int> promise;
    const auto result = promise.result();
    bool was_cancelled = false;
    std::jthread canceller([&] { was_cancelled = result.cancel(); });
    bool was_set = true;
    try {
      promise.set_value(1);
    } catch (const InvalidState&) {
      was_set = false;
    }
    canceller.join();
    EXPECT_NE(was_set, was_cancelled);
    EXPECT_EQ(result.exception() == nullptr, was_set);
  }
}

TEST(Timeout, IsForeverByDefaultAndSaturates) {
  EXPECT_TRUE(Timeout().is_forever());
  EXPECT_TRUE(Timeout(std::chrono::hours(24 * 365 * 400)).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::duration<double>(1e30)).is_forever());
  EXPECT_EQ(Timeout(std::chrono::seconds(-1)).span().count(), 0);
  EXPECT_EQ(Timeout(milliseconds(3)).span(), milliseconds(3));
  EXPECT_THROW(Timeout(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())), std::invalid_argument);
}

}  // namespace
}  // namespace troupe
