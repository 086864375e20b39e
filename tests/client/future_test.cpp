// SPDX-License-Identifier: BSL-1.0
#include <troupe/future.hpp>
#include <troupe/then.hpp>

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/client/outcomes.hpp"

namespace troupe {
namespace {

using testing::cancelled;
using testing::failed;

TEST(ToFuture, GivesTheOutcome) {
  Promise<std::string> promise;
  auto future = to_future(promise.result());
  promise.set_value("value");
  EXPECT_EQ(future.get(), "value");
  EXPECT_THROW(to_future(failed<int>()).get(), std::out_of_range);
  EXPECT_THROW(to_future(cancelled<int>()).get(), CancelledError);
}

TEST(ToFuture, OfVoidHasNoValue) {
  Promise<void> promise;
  auto future = to_future(promise.result());
  promise.set_value();
  EXPECT_NO_THROW(future.get());
}

TEST(ToFuture, OfAValueThatCannotBeCopiedFailsWhereOthersHoldIt) {
  Promise<std::unique_ptr<int>> promise;
  auto future = to_future(promise.result());
  promise.set_value(std::make_unique<int>(1));
  EXPECT_THROW(future.get(), InvalidState);
}

TEST(FromFuture, GivesTheOutcome) {
  std::promise<std::string> promise;
  const AsyncResult<std::string> result = from_future(promise.get_future());
  EXPECT_FALSE(result.ready());
  EXPECT_TRUE(result.running());
  EXPECT_FALSE(result.cancel());
  promise.set_value("value");
  EXPECT_EQ(result.get(), "value");
}

TEST(FromFuture, GivesTheErrorAndVoid) {
  std::promise<int> failing;
  std::promise<void> nothing;
  const auto error = from_future(failing.get_future());
  const auto done = from_future(nothing.get_future());
  nothing.set_value();
  failing.set_exception(testing::far());
  EXPECT_THROW(error.get(), std::out_of_range);
  EXPECT_NO_THROW(done.get());
}

TEST(FromFuture, OfAReadyOrADeferredOneIsDoneAtOnce) {
  std::promise<int> ready;
  ready.set_value(1);
  EXPECT_TRUE(from_future(ready.get_future()).ready());
  const auto here = std::this_thread::get_id();
  const auto deferred = from_future(std::async(std::launch::deferred, [] { return std::this_thread::get_id(); }));
  EXPECT_EQ(deferred.get(), here);
}

TEST(FromFuture, TakesSharedOnes) {
  std::promise<int> promise;
  const std::shared_future<int> shared = promise.get_future();
  const auto one = from_future(shared);
  const auto other = from_future(shared);
  promise.set_value(5);
  EXPECT_EQ(one.get() + other.get(), 10);
}

TEST(FromFuture, OfABrokenPromiseIsAnError) {
  auto result = [] { return from_future(std::promise<int>().get_future()); }();
  EXPECT_THROW(result.get(), std::future_error);
}

TEST(FromFuture, RefusesOneWithoutState) { EXPECT_THROW(from_future(std::future<int>()), std::invalid_argument); }

TEST(FromFuture, WaitsForManyInAnyOrder) {
  std::vector<std::promise<int>> promises(1000);
  std::vector<AsyncResult<int>> results;
  for (auto& promise : promises) results.push_back(from_future(promise.get_future()));
  for (std::size_t i = promises.size(); i-- > 0;) promises[i].set_value(static_cast<int>(i));
  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].get(), static_cast<int>(i));
}

TEST(FromFuture, LetsACallbackWaitForAnotherThatIsReady) {
  for (const bool is_second_first : {false, true}) {
    std::promise<int> first;
    std::promise<int> second;
    std::promise<int> sees;
    auto seen = sees.get_future();
    const auto one = from_future(first.get_future());
    const auto other = from_future(second.get_future());
    one.on_done([sees = std::move(sees), other]() mutable { sees.set_value(other.get()); });
    if (is_second_first) second.set_value(2);
    first.set_value(1);
    if (!is_second_first) second.set_value(2);
    EXPECT_EQ(seen.get(), 2);
  }
}

TEST(FromFuture, LetsACallbackWaitForAnotherThatComesLater) {
  std::promise<int> first;
  std::promise<int> second;
  std::promise<void> begun;
  const auto other = from_future(second.get_future());
  const auto sum = from_future(first.get_future()).then([&begun, other](int n) {
    begun.set_value();
    return n + other.get();
  });
  first.set_value(1);
  begun.get_future().wait();
  second.set_value(2);
  EXPECT_EQ(sum.get(), 3);
}

// What it takes is queued behind the callback.
TEST(FromFuture, LetsACallbackWaitForWhatIsMadeOfAnother) {
  std::promise<int> first;
  std::promise<int> second;
  const auto one = from_future(first.get_future());
  const auto twice = from_future(second.get_future()).then([](int n) { return 2 * n; });
  const auto sum = one.then([twice](int n) { return n + twice.get(); });
  first.set_value(1);
  second.set_value(2);
  EXPECT_EQ(sum.get(), 5);
}

TEST(FromFuture, RunsCallbacksWhileOneOfThemKeepsFuturesComing) {
  std::promise<int> first;
  const auto sum = from_future(first.get_future()).then([](int n) {
    std::promise<int> inner;
    const auto made_here = from_future(inner.get_future()).then([](int m) { return m + 1; });
    inner.set_value(n);
    return made_here.get();
  });
  first.set_value(1);
  EXPECT_EQ(sum.get(), 2);
}

}  // namespace
}  // namespace troupe
