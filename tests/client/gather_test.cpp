// SPDX-License-Identifier: BSL-1.0
#include <troupe/gather.hpp>
#include <troupe/then.hpp>

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/client/outcomes.hpp"

namespace troupe {
namespace {

using testing::cancelled;
using testing::failed;
using testing::made;
using testing::results_of;

TEST(Gather, GivesTheValuesInTheOrderOfTheArguments) {
  Promise<int> number;
  Promise<std::string> text;
  Promise<void> nothing;
  const AsyncResult<std::tuple<int, std::string, std::monostate>> all = gather(number.result(), text.result(), nothing.result());
  nothing.set_value();
  text.set_value("text");
  EXPECT_FALSE(all.ready());
  number.set_value(1);
  EXPECT_EQ(all.get(), std::tuple(1, std::string("text"), std::monostate()));
}

TEST(Gather, OfARangeGivesAVectorInItsOrder) {
  std::vector<Promise<int>> promises(3);
  const AsyncResult<std::vector<int>> all = gather(results_of(promises));
  promises[2].set_value(2);
  promises[0].set_value(0);
  EXPECT_FALSE(all.ready());
  promises[1].set_value(1);
  EXPECT_EQ(all.get(), (std::vector{0, 1, 2}));
}

TEST(Gather, TakesEveryRangeOfResults) {
  const std::list<AsyncResult<int>> list{made(1), made(2)};
  EXPECT_EQ(gather(list).get(), (std::vector{1, 2}));
  const AsyncResult<bool> array[] = {made(true), made(false)};
  EXPECT_EQ(gather(array).get(), (std::vector{true, false}));
}

TEST(Gather, OfVoidResultsIsVoid) {
  std::vector<Promise<void>> promises(2);
  const AsyncResult<void> all = gather(results_of(promises));
  promises[0].set_value();
  EXPECT_FALSE(all.ready());
  promises[1].set_value();
  EXPECT_NO_THROW(all.get());
}

TEST(Gather, OfNothingIsDone) {
  EXPECT_TRUE(gather(std::vector<AsyncResult<int>>()).get().empty());
  EXPECT_NO_THROW(gather(std::vector<AsyncResult<void>>()).get());
}

TEST(Gather, GivesTheFirstErrorAtOnceAndLeavesTheOthers) {
  std::vector<Promise<int>> promises(3);
  const auto all = gather(results_of(promises));
  promises[1].set_exception(testing::far());
  EXPECT_TRUE(all.ready());
  promises[0].set_exception(std::make_exception_ptr(std::domain_error("second")));
  EXPECT_THROW(all.get(), std::out_of_range);
  EXPECT_FALSE(promises[2].result().ready());
  promises[2].set_value(1);
  EXPECT_EQ(promises[2].result().get(), 1);
}

TEST(Gather, FailsWithACancelledChildAndIsNotCancelledItself) {
  std::vector<Promise<int>> promises(2);
  const auto all = gather(results_of(promises));
  EXPECT_TRUE(promises[0].result().cancel());
  EXPECT_THROW(all.get(), CancelledError);
  EXPECT_FALSE(promises[1].result().ready());
  EXPECT_THROW(gather(cancelled<int>(), made(1)).get(), CancelledError);
}

TEST(Gather, TakesTheSameResultSeveralTimes) {
  Promise<int> promise;
  const auto result = promise.result();
  const auto all = gather(result, result);
  promise.set_value(3);
  EXPECT_EQ(all.get(), std::tuple(3, 3));
}

TEST(Gather, RefusesAnEmptyHandle) {
  EXPECT_THROW(gather(made(1), AsyncResult<int>()), InvalidState);
  EXPECT_THROW(gather(std::vector<AsyncResult<int>>{made(1), {}}), InvalidState);
}

TEST(Gather, MovesValuesThatNobodyElseHolds) {
  std::vector<AsyncResult<std::unique_ptr<int>>> results;
  std::vector<Promise<std::unique_ptr<int>>> promises(2);
  for (auto& promise : promises) results.push_back(promise.result());
  auto all = gather(std::move(results));
  promises[0].set_value(std::make_unique<int>(1));
  promises[0] = {};
  EXPECT_FALSE(all.ready());
  const AsyncResult<int> sum = all.then([](const std::vector<std::unique_ptr<int>>& values) { return *values[0] + *values[1]; });
  promises[1].set_value(std::make_unique<int>(2));
  EXPECT_THROW(sum.get(), InvalidState);  // the last promise still held its result
}

TEST(Gather, CopiesValuesThatOthersHold) {
  int copies = 0;
  Promise<testing::Tracked> promise;
  const auto held = promise.result();
  promise.set_value(testing::Tracked(copies));
  gather(held).get();
  EXPECT_EQ(copies, 1);
}

TEST(Gather, FailsWhereAValueCannotBeCopied) {
  const auto held = made(testing::Uncopyable());
  const auto all = gather(held, made(1));
  EXPECT_THROW(all.get(), std::domain_error);
}

TEST(Gather, HoldsNothingOnceItIsDone) {
  const auto token = std::make_shared<int>(0);
  AsyncResult<std::tuple<int, std::monostate>> all;
  {
    Promise<int> promise;
    Promise<void> second;
    second.result().on_done([token] {});
    all = gather(promise.result(), second.result());
    promise.set_value(1);
    second.set_value();
  }
  EXPECT_EQ(std::get<0>(all.get()), 1);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Gather, LetsGoOfTheOthersWhenItHasFailed) {
  Promise<std::shared_ptr<int>> pending;
  const auto token = std::make_shared<int>(0);
  {
    auto all = gather(failed<std::shared_ptr<int>>(), pending.result());
    all.then([token](const auto&) {});
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Gather, ComesBehindTheCallbacksOfItsResults) {
  Promise<int> promise;
  std::string order;
  const auto all = gather(promise.result());
  all.on_done([&] { order += "all"; });
  promise.result().on_done([&] { order += "one "; });
  promise.set_value(1);
  EXPECT_EQ(order, "one all");
}

TEST(Gather, OfGathersOfAnyDepthNeedsNoDepthOfStack) {
  Promise<void> promise;
  AsyncResult<void> all = promise.result();
  for (int i = 0; i < 100'000; ++i) all = gather(std::vector{all, all});
  promise.set_value();
  EXPECT_NO_THROW(all.get());
}

TEST(Gather, WaitsForManyThousands) {
  std::vector<Promise<int>> promises(100'000);
  const auto all = gather(results_of(promises));
  for (int i = 0; auto& promise : promises) promise.set_value(i++);
  EXPECT_EQ(all.get().back(), 99'999);
}

TEST(Gather, IsCompletedOnceHoweverItsResultsRace) {
  for (int round = 0; round < 500; ++round) {
    std::vector<Promise<int>> promises(8);
    const auto results = results_of(promises);
    std::vector<std::jthread> setters;
    for (int half = 0; half < 2; ++half) {
      setters.emplace_back([&, half] {
        for (int i = half; i < 8; i += 2) promises[static_cast<std::size_t>(i)].set_value(i);
      });
    }
    EXPECT_EQ(gather(results).get(), (std::vector{0, 1, 2, 3, 4, 5, 6, 7}));
  }
}

TEST(Gather, FailsOnceHoweverItsErrorsRace) {
  for (int round = 0; round < 500; ++round) {
    std::vector<Promise<int>> promises(8);
    const auto results = results_of(promises);
    std::vector<std::jthread> setters;
    for (int half = 0; half < 2; ++half) {
      setters.emplace_back([&, half] {
        for (int i = half; i < 7; i += 2) promises[static_cast<std::size_t>(i)].set_exception(testing::far());
      });
    }
    const auto all = gather(results);
    EXPECT_THROW(all.get(), std::out_of_range);
  }
}

TEST(GatherCancelled, CancelsAllThatHaveNotStarted) {
  std::vector<Promise<int>> promises(4);
  promises[0].set_value(0);
  promises[1].set_running();
  const auto all = gather(results_of(promises));
  EXPECT_TRUE(all.running());
  EXPECT_TRUE(all.cancel());
  EXPECT_TRUE(all.cancelled());
  EXPECT_FALSE(promises[1].result().ready());
  EXPECT_TRUE(promises[2].result().cancelled());
  EXPECT_TRUE(promises[3].result().cancelled());
  EXPECT_TRUE(all.cancel());
}

TEST(GatherCancelled, LeavesResultsThatAllRun) {
  std::vector<Promise<int>> promises(2);
  for (auto& promise : promises) promise.set_running();
  const auto all = gather(results_of(promises));
  EXPECT_FALSE(all.cancel());
  for (auto& promise : promises) promise.set_value(1);
  EXPECT_EQ(all.get().size(), 2u);
  EXPECT_FALSE(all.cancel());
}

TEST(GatherCancelled, HasOneOutcomeHoweverItRaces) {
  for (int round = 0; round < 1000; ++round) {
    std::vector<Promise<int>> promises(2);
    const auto all = gather(results_of(promises));
    bool is_cancelled = false;
    {
      const std::jthread cancels([&] { is_cancelled = all.cancel(); });
      for (auto& promise : promises) {
        if (promise.set_running()) promise.set_value(1);
      }
    }
    all.wait();
    EXPECT_EQ(all.cancelled(), is_cancelled);
  }
}

TEST(GatherSettled, GivesEachOutcome) {
  const auto all = gather_settled(made(1), failed<std::string>(), cancelled<void>());
  const auto& [number, text, nothing] = all.get();
  EXPECT_EQ(number.value(), 1);
  EXPECT_TRUE(number.has_value());
  EXPECT_EQ(number.error(), nullptr);
  EXPECT_FALSE(text);
  EXPECT_THROW(text.value(), std::out_of_range);
  EXPECT_THROW(nothing.value(), CancelledError);
  EXPECT_NE(nothing.error(), nullptr);
}

TEST(GatherSettled, WaitsForAllThoughOneFails) {
  std::vector<Promise<int>> promises(2);
  const AsyncResult<std::vector<Settled<int>>> all = gather_settled(results_of(promises));
  promises[0].set_exception(testing::far());
  EXPECT_FALSE(all.ready());
  promises[1].set_value(5);
  EXPECT_FALSE(all.get()[0].has_value());
  EXPECT_EQ(all.get()[1].value(), 5);
}

TEST(GatherSettled, IsCancelledWithItsResults) {
  std::vector<Promise<int>> promises(2);
  const auto all = gather_settled(results_of(promises));
  EXPECT_TRUE(all.cancel());
  EXPECT_TRUE(all.cancelled());
  EXPECT_TRUE(promises[1].result().cancelled());
}

TEST(GatherSettled, CountsResultsThatOthersHaveCancelledAsOutcomes) {
  std::vector<Promise<int>> promises(2);
  const auto all = gather_settled(results_of(promises));
  for (auto& promise : promises) promise.result().cancel();
  EXPECT_EQ(all.get().size(), 2u);
  EXPECT_FALSE(all.cancelled());
}

TEST(WhenAny, GivesThePlaceOfTheFirst) {
  std::vector<Promise<int>> promises(3);
  const AsyncResult<std::size_t> first = when_any(results_of(promises));
  EXPECT_FALSE(first.ready());
  promises[1].set_value(1);
  promises[0].set_value(0);
  EXPECT_EQ(first.get(), 1u);
}

TEST(WhenAny, CountsErrorsAndCancelledOnes) {
  Promise<int> pending;
  EXPECT_EQ(when_any(pending.result(), failed<std::string>()).get(), 1u);
  EXPECT_EQ(when_any(pending.result(), cancelled<void>()).get(), 1u);
}

TEST(WhenAny, RefusesAnEmptyRange) { EXPECT_THROW(when_any(std::vector<AsyncResult<int>>()), std::invalid_argument); }

TEST(WhenAny, LeavesNothingAtResultsThatLiveOn) {
  Promise<int> pending;
  const auto token = std::make_shared<int>(0);
  for (int round = 0; round < 10; ++round) when_any(pending.result(), made(1)).then([token](std::size_t) {});
  EXPECT_EQ(token.use_count(), 1);
}

TEST(WhenAny, HasOneWinnerHoweverTheyRace) {
  for (int round = 0; round < 1000; ++round) {
    std::vector<Promise<int>> promises(2);
    const auto results = results_of(promises);
    const auto first = when_any(results);
    {
      const std::jthread other([&] { promises[0].set_value(0); });
      promises[1].set_value(1);
    }
    EXPECT_LT(first.get(), 2u);
  }
}

}  // namespace
}  // namespace troupe
