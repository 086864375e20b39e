// SPDX-License-Identifier: BSL-1.0
#include <troupe/wait.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/client/outcomes.hpp"

namespace troupe {
namespace {

using std::chrono::milliseconds;
using testing::cancelled;
using testing::failed;
using testing::made;
using testing::results_of;

TEST(Wait, ReturnsAtOnceWhenAllAreCompleted) {
  const auto [done, pending] = wait({made(1), failed<int>(), cancelled<int>()});
  EXPECT_EQ(done.size(), 3u);
  EXPECT_TRUE(pending.empty());
}

TEST(Wait, OfNothingReturnsAtOnce) {
  const auto [done, pending] = wait(std::vector<AsyncResult<int>>());
  EXPECT_TRUE(done.empty());
  EXPECT_TRUE(pending.empty());
}

TEST(Wait, TellsAtItsTimeOutWhatIsDone) {
  std::vector<Promise<int>> promises(3);
  promises[1].set_value(1);
  for (const Timeout timeout : {Timeout(milliseconds(1)), Timeout(milliseconds(0)), Timeout(milliseconds(-1))}) {
    const auto [done, pending] = wait(results_of(promises), timeout);
    EXPECT_EQ(done, std::vector{promises[1].result()});
    EXPECT_EQ(pending, (std::vector{promises[0].result(), promises[2].result()}));
  }
  for (auto& promise : promises) EXPECT_FALSE(promise.result().cancelled());
}

TEST(Wait, CountsTheSameResultOnce) {
  Promise<int> promise;
  const auto result = promise.result();
  const auto done = made(1);
  const auto waited = wait({result, done, result, done}, milliseconds(0));
  EXPECT_EQ(waited.done.size(), 1u);
  EXPECT_EQ(waited.pending.size(), 1u);
}

TEST(Wait, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(wait({made(1)}, {}, static_cast<ReturnWhen>(7)), std::invalid_argument);
  EXPECT_THROW(wait({AsyncResult<int>()}), InvalidState);
}

TEST(Wait, IsReleasedByTheLastOfAll) {
  for (int round = 0; round < 300; ++round) {
    std::vector<Promise<int>> promises(4);
    const auto results = results_of(promises);
    const std::jthread setter([&] {
      for (auto& promise : promises) promise.set_value(1);
    });
    const auto waited = wait(results);
    EXPECT_EQ(waited.done, results);
    for (const auto& result : waited.done) EXPECT_TRUE(result.ready());
  }
}

TEST(Wait, IsReleasedByTheFirstIfThatIsEnough) {
  for (int round = 0; round < 300; ++round) {
    std::vector<Promise<int>> promises(4);
    const auto results = results_of(promises);
    const std::jthread setter([&] { promises[2].set_exception(testing::far()); });
    const auto [done, pending] = wait(results, {}, ReturnWhen::first_completed);
    EXPECT_EQ(done, std::vector{results[2]});
    EXPECT_EQ(pending.size(), 3u);
  }
}

TEST(Wait, IsReleasedByACancelledOne) {
  Promise<int> promise;
  const auto result = promise.result();
  const std::jthread canceller([result] { result.cancel(); });
  EXPECT_EQ(wait({result}).done.size(), 1u);
}

TEST(Wait, IsReleasedByTheFirstExceptionButNotByACancelledOne) {
  for (int round = 0; round < 300; ++round) {
    std::vector<Promise<int>> promises(4);
    const auto results = results_of(promises);
    const std::jthread setter([&] {
      promises[0].set_value(1);
      results[1].cancel();
      promises[2].set_exception(testing::far());
    });
    const auto [done, pending] = wait(results, {}, ReturnWhen::first_exception);
    EXPECT_EQ(done.size(), 3u);
    EXPECT_EQ(pending, std::vector{results[3]});
  }
}

TEST(Wait, ForAnExceptionEndsWhenAllAreCompletedWithoutOne) {
  EXPECT_EQ(wait({made(1), cancelled<int>()}, {}, ReturnWhen::first_exception).done.size(), 2u);
  Promise<int> pending;
  EXPECT_EQ(wait({pending.result(), failed<int>()}, {}, ReturnWhen::first_exception).done.size(), 1u);
}

TEST(Wait, LeavesNothingAtAResultThatLivesOn) {
  Promise<int> pending;
  const auto result = pending.result();
  for (int round = 0; round < 1000; ++round) {
    EXPECT_EQ(wait({result}, std::chrono::nanoseconds(1)).pending.size(), 1u);
    EXPECT_EQ(wait({result, made(1)}, {}, ReturnWhen::first_completed).pending.size(), 1u);
  }
  pending.set_value(1);
  EXPECT_EQ(result.get(), 1);
}

TEST(Wait, ThatTimesOutRacesWithTheOutcome) {
  for (int round = 0; round < 2000; ++round) {
    Promise<int> promise;
    const auto result = promise.result();
    const std::jthread setter([&] { promise.set_value(1); });
    const auto waited = wait({result}, std::chrono::microseconds(round % 50));
    EXPECT_EQ(waited.done.size() + waited.pending.size(), 1u);
  }
}

TEST(Wait, ByManyThreadsForTheSameResultsReleasesAll) {
  for (int round = 0; round < 200; ++round) {
    std::vector<Promise<int>> promises(3);
    const auto results = results_of(promises);
    std::vector<std::jthread> waiters;
    for (int i = 0; i < 4; ++i) waiters.emplace_back([&] { EXPECT_EQ(wait(results).done.size(), 3u); });
    for (auto& promise : promises) promise.set_value(1);
  }
}

template <class T>
std::vector<AsyncResult<T>> all_of(AsCompleted<T> results) {
  std::vector<AsyncResult<T>> all;
  for (auto& result : results) all.push_back(result);
  return all;
}

TEST(AsCompleted, GivesThoseThatAreDoneAndThenTheOthersAsTheyCome) {
  std::vector<Promise<int>> promises(4);
  promises[2].set_value(2);
  promises[1].set_value(1);
  std::vector<int> seen;
  for (auto& result : as_completed(results_of(promises))) {
    seen.push_back(result.get());
    if (seen.size() == 2) promises[3].set_value(3);
    if (seen.size() == 3) promises[0].set_value(0);
  }
  EXPECT_EQ(seen, (std::vector{1, 2, 3, 0}));
}

TEST(AsCompleted, GivesEachOnce) {
  const auto result = made(1);
  EXPECT_EQ(all_of(as_completed({result, made(2), result})).size(), 2u);
  EXPECT_TRUE(all_of(as_completed(std::vector<AsyncResult<int>>())).empty());
}

TEST(AsCompleted, GivesErrorsAndCancelledOnes) { EXPECT_EQ(all_of(as_completed({failed<int>(), cancelled<int>()})).size(), 2u); }

TEST(AsCompleted, SaysAtItsTimeOutHowManyAreLeft) {
  std::vector<Promise<int>> promises(4);
  promises[0].set_value(0);
  promises[3].set_value(3);
  int seen = 0;
  try {
    for (auto& result : as_completed(results_of(promises), milliseconds(1))) seen += result.get();
    FAIL() << "it ended";
  } catch (const TimeoutError& error) {
    EXPECT_EQ(std::string(error.what()), "2 (of 4) results unfinished");
  }
  EXPECT_EQ(seen, 3);
}

TEST(AsCompleted, PollsOnceWhereTheTimeOutIsNegative) {
  Promise<int> promise;
  auto results = as_completed({made(7), promise.result()}, milliseconds(-1));
  auto next = results.begin();
  EXPECT_EQ(next->get(), 7);
  EXPECT_THROW(++next, TimeoutError);
  promise.set_value(8);
  ++next;
  EXPECT_EQ(next->get(), 8);
  ++next;
  EXPECT_TRUE(next == results.end());
}

TEST(AsCompleted, HoldsNothingThatItHasGiven) {
  const auto token = std::make_shared<int>(0);
  std::vector<Promise<std::shared_ptr<int>>> promises(2);
  auto results = as_completed(results_of(promises));
  promises[0].set_value(token);
  promises[0] = Promise<std::shared_ptr<int>>();
  auto next = results.begin();
  EXPECT_EQ(token.use_count(), 2);
  *next = {};
  EXPECT_EQ(token.use_count(), 1);
}

TEST(AsCompleted, MayBeLeftBeforeItsEnd) {
  std::vector<Promise<int>> promises(3);
  promises[0].set_value(1);
  for (auto& result : as_completed(results_of(promises))) {
    EXPECT_EQ(result.get(), 1);
    break;
  }
  promises[1].set_value(1);
}

TEST(AsCompleted, GivesAllHoweverTheyRace) {
  for (int round = 0; round < 300; ++round) {
    std::vector<Promise<int>> promises(16);
    const auto results = results_of(promises);
    std::vector<std::jthread> setters;
    for (std::size_t half = 0; half < 2; ++half) {
      setters.emplace_back([&, half] {
        for (std::size_t i = half; i < promises.size(); i += 2) promises[i].set_value(1);
      });
    }
    EXPECT_EQ(all_of(as_completed(results)).size(), 16u);
  }
}

TEST(AsCompleted, MayBeLeftWhileResultsCome) {
  for (int round = 0; round < 1000; ++round) {
    std::vector<Promise<int>> promises(8);
    const auto results = results_of(promises);
    const std::jthread setter([&] {
      for (auto& promise : promises) promise.set_value(1);
    });
    auto completed = as_completed(results);
    EXPECT_EQ(completed.begin()->get(), 1);
  }
}

}  // namespace
}  // namespace troupe
