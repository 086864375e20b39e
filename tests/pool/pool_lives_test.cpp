// SPDX-License-Identifier: BSL-1.0
// Beginning and end of pools and of their workers; by the numbers of multiprocessing's features.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdio>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

thread_local bool was_initialized = false;
void initialize() { was_initialized = true; }
bool is_initialized() { return was_initialized; }

template <class Kind>
class PoolLives : public KindTest<Kind> {};
TYPED_TEST_SUITE(PoolLives, Kinds, KindNames);

TYPED_TEST(PoolLives, P01_HasTheWorkersThatItIsTold) {
  auto pool = this->pool(3);
  EXPECT_EQ(pool.size(), 3u);
  EXPECT_EQ(this->pool(std::nullopt).size(), static_cast<std::size_t>(detail::usable_processors()));
}

TYPED_TEST(PoolLives, P01_RefusesImpossibleOptions) {
  const auto refusal = [this](int workers, std::optional<int> most) -> std::string {
    try {
      this->pool(workers, typename TypeParam::Initializer(), most);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(0, {}), HasSubstr(TypeParam::kIsLocal ? "ThreadPoolOptions::threads" : "PoolOptions::processes"));
  EXPECT_THAT(refusal(-1, {}), HasSubstr("1 or more"));
  EXPECT_THAT(refusal(1, 0), HasSubstr("PoolOptions::max_tasks_per_child"));
}

TYPED_TEST(PoolLives, P02_InitializesEachWorkerBeforeItsFirstTask) {
  auto pool = this->pool(2, fn<&initialize>);
  EXPECT_THAT(pool.map([](int) { return is_initialized() ? 1 : 0; }, numbers_to(20), 1), Each(1));
  EXPECT_FALSE(was_initialized) << "not here";
}

TYPED_TEST(PoolLives, P02_InitializesWhoReplacesAWorker) {
  auto pool = this->pool(1, fn<&initialize>, 1);
  for (int round = 0; round < 5; ++round) EXPECT_TRUE(pool.apply(fn<&is_initialized>));
}

TYPED_TEST(PoolLives, P02_AnInitializerThatThrowsIsTheConstructorsError) {
  EXPECT_THROW(this->pool(2, fn<&fail_to_initialize>), std::domain_error);
  this->expect_no_worker();
}

TYPED_TEST(PoolLives, P18_CloseTakesNothingMoreAndDoesAllThatIsThere) {
  Gate gate;
  auto pool = this->pool(1);
  const auto first = pool.apply_async(fn<&wait_at_gate>, gate.path());
  std::vector<AsyncResult<int>> results;
  for (int number = 0; number < 100; ++number) results.push_back(pool.apply_async(fn<&square>, number));
  pool.close();
  EXPECT_THROW(pool.apply(fn<&square>, 1), PoolStateError);
  EXPECT_THROW(pool.map_async(fn<&square>, numbers_to(3)), PoolStateError);
  gate.open();
  pool.join();
  for (int number = 0; number < 100; ++number) EXPECT_EQ(results[static_cast<std::size_t>(number)].get(), number * number);
  this->expect_no_worker();
  pool.close();
  pool.join();
}

TYPED_TEST(PoolLives, P19_TerminateFailsWhatHasNotBegun) {
  Gate gate;
  auto pool = this->pool(1);
  const auto running = pool.apply_async(fn<&wait_at_gate>, gate.path());
  std::vector<AsyncResult<int>> results;
  for (int number = 0; number < 10'000; ++number) results.push_back(pool.apply_async(fn<&square>, number));
  gate.wait_reached();
  pool.terminate();
  for (const auto& each : results) EXPECT_EQ(verdict<PoolTerminated>(each), Execution::not_started);
  EXPECT_THROW(pool.apply(fn<&square>, 1), PoolStateError);
  gate.let_go();
  pool.join();
  this->expect_no_worker();
}

TYPED_TEST(PoolLives, P19_TerminateCanBeCalledFromACallback) {
  auto pool = this->pool(2);
  Promise<void> terminated;
  pool.apply_async(fn<&square>, 2).on_done([&] {
    pool.terminate();
    pool.join();
    terminated.set_value();
  });
  terminated.result().get();
}

TYPED_TEST(PoolLives, P20_JoinOfARunningPoolIsAnError) {
  auto pool = this->pool(1);
  EXPECT_THROW(pool.join(), PoolStateError);
}

TYPED_TEST(PoolLives, P22_AWorkerIsReplacedWhenItHasDoneSoMuch) {
  auto pool = this->pool(1, typename TypeParam::Initializer(), 3);
  std::map<int, int> tasks;
  for (int round = 0; round < 12; ++round) ++tasks[pool.apply_async(fn<&own_thread>).get()];
  EXPECT_THAT(tasks, ::testing::SizeIs(4));
  EXPECT_THAT(tasks, Each(::testing::Pair(::testing::_, 3)));
  std::map<int, int> by_apply;
  for (int round = 0; round < 6; ++round) ++by_apply[pool.apply(fn<&own_thread>)];
  EXPECT_THAT(by_apply, ::testing::SizeIs(2));
  EXPECT_EQ(pool.map(fn<&square>, numbers_to(100), 1).size(), 100u);
  pool.close();
  pool.join();
}

TYPED_TEST(PoolLives, P24_ARunningPoolThatIsDestroyedLeavesNothing) {
  std::vector<AsyncResult<int>> results;
  {
    auto pool = this->pool(2);
    for (int number = 0; number < 1000; ++number) results.push_back(pool.apply_async(fn<&square>, number));
  }
  for (const auto& each : results) EXPECT_TRUE(each.ready());
  this->expect_no_worker();
}

TYPED_TEST(PoolLives, P28_OfManyWorkers) {
  auto pool = this->pool(TypeParam::kMany);
  const auto squares = pool.map(fn<&square>, numbers_to(1000), 1);
  EXPECT_EQ(std::accumulate(squares.begin(), squares.end(), 0), 332'833'500);
}

TYPED_TEST(PoolLives, P31_InAForkedProcessIsALogicError) {
  auto pool = this->pool(1);
  EXPECT_EXIT(
      {
        try {
          pool.apply(fn<&square>, 1);
        } catch (const std::logic_error& error) {
          std::fprintf(stderr, "%s\n", error.what());
          ::_exit(7);
        }
        ::_exit(1);
      },
      ::testing::ExitedWithCode(7), "forked");
}

TYPED_TEST(PoolLives, TellsOfItsProgress) {
  auto pool = this->pool(2);
  std::vector<Progress> told;
  Promise<void> has_all;
  pool.on_progress([&](const Progress& progress) {
    told.push_back(progress);
    if (progress.done == 1000) has_all.set_value();
  });
  pool.map(fn<&square>, numbers_to(1000), 7);
  has_all.result().get();
  EXPECT_EQ(told.back().total, 1000u);
  EXPECT_GT(told.back().per_second, 0);
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_LE(told[i - 1].done, told[i].done);
}

TYPED_TEST(PoolLives, P29_AWorkerMayHaveAPoolOfItsOwn) {
  auto pool = this->pool(2);
  const auto sums = pool.map(
      [](int count) {
        const auto sum_of = [](const std::vector<int>& all) { return std::accumulate(all.begin(), all.end(), 0); };
        if constexpr (TypeParam::kIsLocal) {
          return sum_of(TypeParam::pool(2).map(fn<&square>, numbers_to(count)));
        } else {
          Runtime own;
          return sum_of(TypeParam::pool(own, 2).map(fn<&square>, numbers_to(count)));
        }
      },
      std::vector<int>{3, 4, 5}, 1);
  EXPECT_THAT(sums, ElementsAre(5, 14, 30));
  pool.close();
  pool.join();
  this->expect_no_worker();
}

}  // namespace
}  // namespace troupe::test
