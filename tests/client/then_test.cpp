// SPDX-License-Identifier: BSL-1.0
#include <troupe/then.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/client/outcomes.hpp"

namespace troupe {
namespace {

using testing::cancelled;
using testing::failed;
using testing::made;

TEST(Then, GivesWhatTheFunctionMakesOfTheValue) {
  Promise<int> promise;
  const AsyncResult<std::string> text = promise.result().then([](int n) { return std::to_string(n + 1); });
  EXPECT_FALSE(text.ready());
  promise.set_value(4);
  EXPECT_EQ(text.get(), "5");
}

TEST(Then, OfVoidCallsTheFunctionWithNothing) {
  Promise<void> promise;
  const AsyncResult<int> after = promise.result().then([] { return 7; });
  promise.set_value();
  EXPECT_EQ(after.get(), 7);
}

TEST(Then, OfAFunctionWithoutValueIsVoid) {
  int seen = 0;
  const AsyncResult<void> after = made(3).then([&](int n) { seen = n; });
  EXPECT_NO_THROW(after.get());
  EXPECT_EQ(seen, 3);
}

TEST(Then, PassesAnErrorBy) {
  bool has_run = false;
  const AsyncResult<int> after = failed<int>().then([&](int n) { return has_run = true, n; });
  EXPECT_THROW(after.get(), std::out_of_range);
  EXPECT_FALSE(has_run);
}

TEST(Then, GivesWhatTheFunctionThrows) {
  const AsyncResult<int> after = made(1).then([](int) -> int { throw std::domain_error("no"); });
  EXPECT_THROW(after.get(), std::domain_error);
}

TEST(Then, TakesTheOutcomeOfTheResultThatTheFunctionReturns) {
  Promise<std::string> inner;
  const AsyncResult<std::string> after = made(1).then([&](int) { return inner.result(); });
  EXPECT_FALSE(after.ready());
  inner.set_value("inner");
  EXPECT_EQ(after.get(), "inner");

  const AsyncResult<std::string> failing = made(1).then([](int) { return failed<std::string>(); });
  EXPECT_THROW(failing.get(), std::out_of_range);
}

TEST(Then, FailsWhereTheFunctionReturnsAnEmptyResult) {
  const AsyncResult<int> after = made(1).then([](int) { return AsyncResult<int>(); });
  EXPECT_THROW(after.get(), InvalidState);
}

TEST(Then, TakesMoveOnlyFunctionsAndValues) {
  Promise<std::unique_ptr<int>> promise;
  auto result = promise.result();
  const auto after = result.then([one = std::make_unique<int>(1)](const std::unique_ptr<int>& n) { return *n + *one; });
  promise.set_value(std::make_unique<int>(4));
  EXPECT_EQ(after.get(), 5);
}

TEST(Then, MovesAValueToAFunctionThatTakesItOver) {
  AsyncResult<int> after;
  {
    Promise<std::unique_ptr<int>> promise;
    promise.set_value(std::make_unique<int>(4));
    auto result = promise.result();
    promise = Promise<std::unique_ptr<int>>();
    Promise<void> go;
    after =
        go.result().then([result = std::move(result)]() mutable { return std::move(result); }).then([](std::unique_ptr<int> n) {
          return *n;
        });
    go.set_value();
  }
  EXPECT_EQ(after.get(), 4);
}

TEST(Then, RunsInOrderWithTheCallbacks) {
  Promise<int> promise;
  std::string order;
  promise.result().on_done([&] { order += 'a'; });
  promise.result().then([&](int) { order += 'b'; });
  promise.result().on_done([&] { order += 'c'; });
  promise.set_value(1);
  EXPECT_EQ(order, "abc");
}

TEST(Then, RunsTheFunctionThoughNobodyHoldsTheResult) {
  Promise<int> promise;
  int seen = 0;
  promise.result().then([&](int n) { seen = n; });
  promise.set_value(3);
  EXPECT_EQ(seen, 3);
}

TEST(Then, DropsTheFunctionAndItsSourceWhenItIsDone) {
  const auto token = std::make_shared<int>(0);
  Promise<std::shared_ptr<int>> promise;
  const auto after = promise.result().then([token](const std::shared_ptr<int>&) { return 1; });
  promise.set_value(token);
  promise = Promise<std::shared_ptr<int>>();
  EXPECT_EQ(after.get(), 1);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(ThenCancelled, CancelsASourceThatHasNotStarted) {
  Promise<int> promise;
  bool has_run = false;
  const auto after = promise.result().then([&](int) { has_run = true; });
  EXPECT_TRUE(after.cancel());
  EXPECT_TRUE(after.cancelled());
  EXPECT_TRUE(promise.result().cancelled());
  EXPECT_FALSE(promise.set_running());
  EXPECT_FALSE(has_run);
  EXPECT_TRUE(after.cancel());
}

TEST(ThenCancelled, LeavesASourceThatRuns) {
  Promise<int> promise;
  promise.set_running();
  const auto after = promise.result().then([](int n) { return n; });
  EXPECT_TRUE(after.running());
  EXPECT_FALSE(after.cancel());
  promise.set_value(2);
  EXPECT_EQ(after.get(), 2);
  EXPECT_FALSE(after.running());
  EXPECT_FALSE(after.cancel());
}

TEST(ThenCancelled, CancelsTheResultThatTheFunctionHasReturned) {
  Promise<int> inner;
  const auto after = made(1).then([&](int) { return inner.result(); });
  EXPECT_TRUE(after.cancel());
  EXPECT_TRUE(inner.result().cancelled());
  EXPECT_TRUE(after.cancelled());
}

TEST(ThenCancelled, FollowsASourceThatIsCancelled) {
  Promise<int> promise;
  const auto after = promise.result().then([](int n) { return n; });
  EXPECT_TRUE(promise.result().cancel());
  EXPECT_TRUE(after.cancelled());
  EXPECT_TRUE(cancelled<int>().then([](int n) { return n; }).cancelled());
}

TEST(ThenCancelled, ReachesTheEndOfAChain) {
  Promise<int> promise;
  const auto last = promise.result().then([](int n) { return n; }).then([](int n) { return n; }).then([](int) {});
  EXPECT_TRUE(last.cancel());
  EXPECT_TRUE(promise.result().cancelled());
}

TEST(ThenCancelled, HasOneOutcomeHoweverItRaces) {
  for (int round = 0; round < 2000; ++round) {
    Promise<int> promise;
    std::atomic<bool> has_run = false;
    const auto after = promise.result().then([&](int n) { return has_run = true, n; });
    bool is_cancelled = false;
    {
      const std::jthread cancels([&] { is_cancelled = after.cancel(); });
      if (promise.set_running()) promise.set_value(1);
    }
    after.wait();
    EXPECT_EQ(after.cancelled(), is_cancelled);
    EXPECT_EQ(has_run, !is_cancelled);
  }
}

TEST(ThenChain, OfAnyLengthNeedsNoDepthOfStack) {
  constexpr int kLength = 100'000;
  Promise<int> promise;
  AsyncResult<int> last = promise.result();
  for (int i = 0; i < kLength; ++i) last = last.then([](int n) { return n + 1; });
  promise.set_value(0);
  EXPECT_EQ(last.get(), kLength);
}

TEST(ThenChain, OfResultsThatFunctionsReturnNeedsNoDepthOfStackEither) {
  constexpr int kLength = 100'000;
  std::vector<Promise<int>> promises(kLength);
  AsyncResult<int> last = made(0);
  for (auto& promise : promises) last = last.then([inner = promise.result()](int) { return inner; });
  for (auto& promise : promises) promise.set_value(7);
  EXPECT_EQ(last.get(), 7);
}

TEST(ThenChain, ThatIsGivenUpIsCancelledToTheBottom) {
  constexpr int kLength = 10'000;
  Promise<int> promise;
  AsyncResult<int> last = promise.result();
  for (int i = 0; i < kLength; ++i) last = last.then([](int n) { return n + 1; });
  EXPECT_TRUE(last.cancel());
  EXPECT_TRUE(promise.result().cancelled());
}

TEST(ThenChain, CanBeAwaitedInACallbackOfItsSource) {
  Promise<int> promise;
  int seen = 0;
  const auto first = promise.result().then([](int n) { return n + 1; });
  const auto second = first.then([](int n) { return n + 1; });
  promise.result().on_done([&] { seen = second.get(); });
  promise.set_value(1);
  EXPECT_EQ(seen, 3);
}

}  // namespace
}  // namespace troupe
