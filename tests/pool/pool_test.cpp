// SPDX-License-Identifier: BSL-1.0
// What multiprocessing's Pool does, by the numbers of its features, for both ways to start a worker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>
#include <cereal/types/optional.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

int square(int number) { return number * number; }
int sum(int a, int b) { return a + b; }
std::string greet(const std::string& name) { return "hello, " + name; }
int own_pid() { return ::getpid(); }
void nothing(int) {}
int fail_at_three(int number) {
  if (number == 3) throw std::out_of_range("three");
  return number;
}
int refuse(int number) { throw std::runtime_error("no " + std::to_string(number)); }
int wait_at_gate(const std::string& gate) {
  wait_at(gate);
  return 1;
}

bool was_initialized = false;
void initialize() { was_initialized = true; }
bool is_initialized() { return was_initialized; }
void fail_to_initialize() { throw std::domain_error("this worker does not work"); }

std::vector<int> numbers_to(int last) {
  std::vector<int> numbers(static_cast<std::size_t>(last));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// Encoding one of these fails.
struct Unwritable {
  int number = 0;
  template <class Archive>
  void save(Archive&) const {
    throw std::runtime_error("this cannot be written");
  }
  template <class Archive>
  void load(Archive&) {}
};
int take(const Unwritable&) { return 1; }
Unwritable give(int) { return {}; }

class PoolTest : public testing::RuntimeTest, public ::testing::WithParamInterface<StartMethod> {
 protected:
  PoolOptions options(int processes) const { return {.processes = processes, .start = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Pool, PoolTest, ::testing::Values(StartMethod::forkserver, StartMethod::spawn), [](const auto& each) {
  return each.param == StartMethod::forkserver ? std::string("ByFork") : std::string("ByExec");
});

TEST_P(PoolTest, P01_HasTheProcessesThatItIsTold) {
  Pool pool(runtime(), options(3));
  EXPECT_EQ(pool.size(), 3u);
  const auto pids = pool.pids();
  EXPECT_EQ(std::set<int>(pids.begin(), pids.end()).size(), 3u);
  EXPECT_THAT(pids, ::testing::Contains(pool.apply<&own_pid>()));
  EXPECT_EQ(Pool(runtime(), {.start = GetParam()}).size(), static_cast<std::size_t>(detail::usable_processors()));
}

TEST_P(PoolTest, P01_RefusesImpossibleOptions) {
  EXPECT_THROW(Pool(runtime(), options(0)), std::invalid_argument);
  EXPECT_THROW(Pool(runtime(), options(-1)), std::invalid_argument);
  EXPECT_THROW(Pool(runtime(), {.processes = 1, .max_tasks_per_child = 0}), std::invalid_argument);
  try {
    Pool(runtime(), options(0));
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("PoolOptions::processes"));
  }
}

TEST_P(PoolTest, P02_InitializesEachWorkerBeforeItsFirstTask) {
  PoolOptions with_initializer = options(2);
  with_initializer.initializer = fn<&initialize>;
  Pool pool(runtime(), with_initializer);
  EXPECT_THAT(pool.map([](int) { return is_initialized() ? 1 : 0; }, numbers_to(20), 1), Each(1));
  EXPECT_FALSE(was_initialized) << "not here";
}

TEST_P(PoolTest, P02_AnInitializerThatThrowsIsTheConstructorsError) {
  PoolOptions with_initializer = options(2);
  with_initializer.initializer = fn<&fail_to_initialize>;
  EXPECT_THROW(Pool(runtime(), with_initializer), std::domain_error);
  with_initializer.initializer = [] { std::abort(); };
  EXPECT_THROW(Pool(runtime(), with_initializer), WorkerDiedError);
  EXPECT_THAT(runtime().actors(), IsEmpty());
}

TEST_P(PoolTest, P03_ApplyGivesTheResultOfOneCall) {
  Pool pool(runtime(), options(2));
  EXPECT_EQ(pool.apply<&square>(5), 25);
  EXPECT_EQ(pool.apply<&sum>(5, 6), 11);
  EXPECT_EQ(pool.apply<&greet>("you"), "hello, you");
  EXPECT_EQ(pool.apply([](int a, const std::string& text) { return text + std::to_string(a); }, 5, "no "), "no 5");
  pool.apply<&nothing>(1);
  EXPECT_THROW(pool.apply<&refuse>(7), std::runtime_error);
  EXPECT_EQ(pool.apply<&square>(6), 36);
}

TEST_P(PoolTest, P04_ApplyAsyncGivesAResultAtOnce) {
  Gate gate;
  Pool pool(runtime(), options(1));
  const auto waiting = pool.apply_async<&wait_at_gate>(gate.path());
  const auto behind = pool.apply_async<&square>(3);
  EXPECT_FALSE(behind.ready());
  gate.open();
  EXPECT_EQ(waiting.get(), 1);
  EXPECT_EQ(behind.get(), 9);
  EXPECT_THROW(pool.apply_async<&refuse>(7).get(), std::runtime_error);
}

TEST_P(PoolTest, P05_MapKeepsOrder) {
  Pool pool(runtime(), options(2));
  std::vector<int> expected;
  for (int number = 0; number < 1000; ++number) expected.push_back(number * number);
  EXPECT_EQ(pool.map<&square>(numbers_to(1000)), expected);
  for (const int chunksize : {1, 7, 1000, 5000}) EXPECT_EQ(pool.map<&square>(numbers_to(1000), chunksize), expected) << chunksize;
  EXPECT_THAT(pool.map<&square>(std::vector<int>()), IsEmpty());
  EXPECT_THAT(pool.map([](const std::string& text) { return text + "!"; }, std::vector<std::string>{"a", "b"}),
              ElementsAre("a!", "b!"));
  pool.map<&nothing>(numbers_to(10));
}

TEST_P(PoolTest, P05_MapTakesAnyRange) {
  Pool pool(runtime(), options(2));
  const std::map<int, int> pairs{{1, 2}, {3, 4}};
  EXPECT_THAT(pool.map([](std::pair<int, int> pair) { return pair.first * pair.second; }, pairs), ElementsAre(2, 12));
  EXPECT_THAT(pool.map<&square>([]() -> Generator<int> {
    for (int number = 0; number < 3; ++number) co_yield number;
  }()),
              ElementsAre(0, 1, 4));
  EXPECT_THAT(pool.map([](bool bit) { return !bit; }, std::vector<bool>{true, false}, 1), ElementsAre(false, true));
  EXPECT_THAT(pool.map([](bool bit) { return !bit; }, std::vector<bool>{true, false}, 2), ElementsAre(false, true));
}

TEST_P(PoolTest, P05_MapRunsAllAndFailsWithTheErrorThatCameFirst) {
  Pool pool(runtime(), options(2));
  for (const int chunksize : {1, 2, 10}) {
    const auto result = pool.map_async<&fail_at_three>(numbers_to(10), chunksize);
    EXPECT_THROW(result.get(), std::out_of_range) << chunksize;
  }
  Gate gate;
  Gate behind_the_first;
  const auto fail = [](const std::string& text, const std::string& path) {
    if (!path.empty()) wait_at(path);
    throw std::runtime_error(text);
  };
  // One worker is held up by the first item; so who has come to the third has done the second.
  const std::vector<std::pair<std::string, std::string>> items{
      {"later", gate.path()}, {"at once", ""}, {"last", behind_the_first.path()}};
  const auto result = pool.starmap_async(fail, items, 1);
  behind_the_first.wait_reached();
  gate.open();
  behind_the_first.let_go();
  try {
    result.get();
    ADD_FAILURE() << "all have failed";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "at once");
  }
}

TEST_P(PoolTest, P06_RefusesAChunksizeBelowOne) {
  Pool pool(runtime(), options(1));
  EXPECT_THROW(pool.map<&square>(numbers_to(3), 0), std::invalid_argument);
  EXPECT_THROW(pool.map<&square>(numbers_to(3), -1), std::invalid_argument);
  EXPECT_THROW(pool.map_async<&square>(numbers_to(0), 0), std::invalid_argument);
  EXPECT_THROW((void)pool.imap<&square>(numbers_to(3), 0), std::invalid_argument);
}

TEST_P(PoolTest, P07_MapAsyncTellsItsCallbacksOfAllAtOnce) {
  Pool pool(runtime(), options(2));
  Promise<std::vector<int>> told;
  pool.map_async<&square>(numbers_to(4)).on_done([&](const auto& result) { told.set_value(result.get()); });
  EXPECT_THAT(told.result().get(), ElementsAre(0, 1, 4, 9));
  Promise<std::size_t> of_none;
  pool.map_async<&square>(std::vector<int>()).on_done([&](const auto& result) { of_none.set_value(result.get().size()); });
  EXPECT_EQ(of_none.result().get(), 0u);
}

TEST_P(PoolTest, P08_StarmapUnpacksEachItem) {
  Pool pool(runtime(), options(2));
  const std::vector<std::pair<int, int>> pairs{{1, 2}, {3, 4}, {5, 6}};
  EXPECT_THAT(pool.starmap<&sum>(pairs), ElementsAre(3, 7, 11));
  EXPECT_THAT(pool.starmap([](int a, int b, int c) { return a * b * c; }, std::vector<std::tuple<int, int, int>>{{1, 2, 3}}, 1),
              ElementsAre(6));
  EXPECT_THAT(pool.starmap_async<&sum>(pairs, 2).get(), ElementsAre(3, 7, 11));
}

TEST_P(PoolTest, P09_ImapPullsNoMoreThanItsWindowAhead) {
  Pool pool(runtime(), options(2));
  int pulled = 0;
  const auto endless = [](int& count) -> Generator<int> {
    for (;;) co_yield count++;
  };
  auto results = pool.imap<&square>(endless(pulled));
  for (int number = 0; number < 1000; ++number) {
    EXPECT_EQ(results.next(), number * number);
    EXPECT_LE(pulled, number + 1 + 64);
  }
}

TEST_P(PoolTest, P09_ImapGivesErrorsInTheirPlacesAndGoesOn) {
  Pool pool(runtime(), options(2));
  for (const int chunksize : {1, 2, 10}) {
    auto results = pool.imap<&fail_at_three>(numbers_to(6), chunksize);
    for (int number = 0; number < 3; ++number) EXPECT_EQ(results.next(), number);
    EXPECT_THROW(results.next(), std::out_of_range);
    for (int number = 4; number < 6; ++number) EXPECT_EQ(results.next(), number);
    EXPECT_EQ(results.next(), std::nullopt);
    EXPECT_EQ(results.next(), std::nullopt);
  }
}

TEST_P(PoolTest, P09_ImapCanBeWaitedForForAWhile) {
  Gate gate;
  Pool pool(runtime(), options(1));
  auto results = pool.imap<&wait_at_gate>(std::vector{gate.path()});
  EXPECT_THROW(results.next(1ms), TimeoutError);
  gate.open();
  EXPECT_EQ(results.next(), 1);
}

TEST_P(PoolTest, P10_ImapUnorderedGivesResultsAsTheyCome) {
  Pool pool(runtime(), options(2));
  Gate gate;
  const auto either = [](const std::string& path) {
    if (path.size() > 1) wait_at(path);
    return path.size() > 1 ? std::string("late") : path;
  };
  auto results = pool.imap_unordered(either, std::vector{gate.path(), std::string("a"), std::string("b")});
  EXPECT_THAT((std::vector{*results.next(), *results.next()}), UnorderedElementsAre("a", "b"));
  gate.open();
  EXPECT_EQ(results.next(), "late");
  EXPECT_EQ(results.next(), std::nullopt);
  std::set<int> all;
  for (const int number : pool.imap_unordered<&square>(numbers_to(100), 7)) all.insert(number);
  EXPECT_EQ(all.size(), 100u);
}

TEST_P(PoolTest, P11_WhatTheItemsThrowComesInItsPlace) {
  Pool pool(runtime(), options(2));
  const auto failing = []() -> Generator<int> {
    for (int number = 0; number < 3; ++number) co_yield number;
    throw std::length_error("no more items");
  };
  auto results = pool.imap<&square>(failing(), 2);
  for (int number = 0; number < 3; ++number) EXPECT_EQ(results.next(), number * number);
  EXPECT_THROW(results.next(), std::length_error);
  EXPECT_EQ(results.next(), std::nullopt);
  EXPECT_THROW(pool.map<&square>(failing()), std::length_error);
  EXPECT_EQ(pool.apply<&square>(2), 4);
}

TEST_P(PoolTest, P12_AnArgumentThatCannotBeWrittenFailsItsTaskOnly) {
  Pool pool(runtime(), options(1));
  const auto good = pool.apply_async<&square>(2);
  EXPECT_THROW(pool.apply_async<&take>(Unwritable()).get(), std::runtime_error);
  EXPECT_THROW(pool.apply<&take>(Unwritable()), std::runtime_error);
  EXPECT_EQ(good.get(), 4);
  EXPECT_EQ(pool.apply<&square>(3), 9);
}

TEST_P(PoolTest, P13_AResultThatCannotBeWrittenFailsItsTaskOnly) {
  Pool pool(runtime(), options(1));
  const int pid = pool.apply<&own_pid>();
  for (int round = 0; round < 20; ++round) EXPECT_THROW(pool.apply_async<&give>(1).get(), SerializationError);
  EXPECT_EQ(pool.apply<&own_pid>(), pid);
}

TEST_P(PoolTest, P14_AnErrorSaysWhereItComesFrom) {
  Pool pool(runtime(), options(1));
  for (const int chunksize : {1, 5}) {
    try {
      pool.map<&fail_at_three>(numbers_to(5), chunksize);
      ADD_FAILURE() << "three has failed";
    } catch (const RemoteError& error) {
      EXPECT_EQ(error.pid(), pool.pids().at(0));
      EXPECT_THAT(error.text(), HasSubstr("three"));
    }
  }
}

TEST_P(PoolTest, P15_ACallbackThatThrowsHoldsNobodyUp) {
  Pool pool(runtime(), options(1));
  const auto result = pool.apply_async<&square>(2);
  result.on_done([] { throw std::runtime_error("(this is meant to be printed)"); });
  EXPECT_EQ(result.get(), 4);
  EXPECT_EQ(pool.apply_async<&greet>("you").get(), "hello, you");
}

TEST_P(PoolTest, P18_CloseTakesNothingMoreAndDoesAllThatIsThere) {
  Gate gate;
  Pool pool(runtime(), options(1));
  const auto first = pool.apply_async<&wait_at_gate>(gate.path());
  std::vector<AsyncResult<int>> results;
  for (int number = 0; number < 100; ++number) results.push_back(pool.apply_async<&square>(number));
  pool.close();
  EXPECT_THROW(pool.apply<&square>(1), PoolStateError);
  EXPECT_THROW(pool.map_async<&square>(numbers_to(3)), PoolStateError);
  gate.open();
  pool.join();
  for (int number = 0; number < 100; ++number) EXPECT_EQ(results[static_cast<std::size_t>(number)].get(), number * number);
  EXPECT_THAT(runtime().actors(), IsEmpty());
  pool.close();
  pool.join();
}

TEST_P(PoolTest, P19_TerminateFailsWhatIsNotDone) {
  Gate gate;
  Pool pool(runtime(), options(1));
  const auto running = pool.apply_async<&wait_at_gate>(gate.path());
  std::vector<AsyncResult<int>> results;
  for (int number = 0; number < 10'000; ++number) results.push_back(pool.apply_async<&square>(number));
  gate.wait_reached();
  pool.terminate();
  EXPECT_EQ(verdict<PoolTerminated>(running), Execution::maybe);
  for (const auto& each : results) EXPECT_EQ(verdict<PoolTerminated>(each), Execution::not_started);
  pool.join();
  EXPECT_THAT(runtime().actors(), IsEmpty());
  EXPECT_THROW(pool.apply<&square>(1), PoolStateError);
}

TEST_P(PoolTest, P19_TerminateCanBeCalledFromACallback) {
  Pool pool(runtime(), options(2));
  Promise<void> terminated;
  pool.apply_async<&square>(2).on_done([&] {
    pool.terminate();
    pool.join();
    terminated.set_value();
  });
  terminated.result().get();
}

TEST_P(PoolTest, P20_JoinOfARunningPoolIsAnError) {
  Pool pool(runtime(), options(1));
  EXPECT_THROW(pool.join(), PoolStateError);
}

TEST_P(PoolTest, P21_ItsDestructorTerminates) {
  Gate gate;
  AsyncResult<int> running;
  {
    Pool pool(runtime(), options(1));
    running = pool.apply_async<&wait_at_gate>(gate.path());
    gate.wait_reached();
  }
  EXPECT_THROW(running.get(), PoolTerminated);
  EXPECT_THAT(runtime().actors(), IsEmpty());
}

TEST_P(PoolTest, P22_AWorkerIsReplacedWhenItHasDoneSoMuch) {
  PoolOptions with_most = options(1);
  with_most.max_tasks_per_child = 3;
  Pool pool(runtime(), with_most);
  std::map<int, int> tasks;
  for (int round = 0; round < 12; ++round) ++tasks[pool.apply_async<&own_pid>().get()];
  EXPECT_THAT(tasks, ::testing::SizeIs(4));
  EXPECT_THAT(tasks, Each(::testing::Pair(::testing::_, 3)));
  std::map<int, int> by_apply;
  for (int round = 0; round < 6; ++round) ++by_apply[pool.apply<&own_pid>()];
  EXPECT_THAT(by_apply, ::testing::SizeIs(2));
  EXPECT_EQ(pool.map<&square>(numbers_to(100), 1).size(), 100u);
  pool.close();
  pool.join();
}

TEST_P(PoolTest, P28_OfManyProcesses) {
  Pool pool(runtime(), options(GetParam() == StartMethod::spawn ? 40 : 200));
  const auto squares = pool.map<&square>(numbers_to(1000), 1);
  EXPECT_EQ(std::accumulate(squares.begin(), squares.end(), 0), 332'833'500);
}

TEST_P(PoolTest, P31_InAForkedProcessIsALogicError) {
  Pool pool(runtime(), options(1));
  EXPECT_EXIT(
      {
        try {
          pool.apply<&square>(1);
        } catch (const std::logic_error& error) {
          std::fprintf(stderr, "%s\n", error.what());
          ::_exit(7);
        }
        ::_exit(1);
      },
      ::testing::ExitedWithCode(7), "forked");
}

TEST_P(PoolTest, TellsOfItsProgress) {
  Pool pool(runtime(), options(2));
  std::vector<Progress> told;
  Promise<void> has_all;
  pool.on_progress([&](const Progress& progress) {
    told.push_back(progress);
    if (progress.done == 1000) has_all.set_value();
  });
  pool.map<&square>(numbers_to(1000), 7);
  has_all.result().get();
  EXPECT_EQ(told.back().total, 1000u);
  EXPECT_GT(told.back().per_second, 0);
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_LE(told[i - 1].done, told[i].done);
}

TEST_P(PoolTest, C39_ATaskThatNoWorkerHasBegunCanBeCancelled) {
  Gate gate;
  Pool pool(runtime(), options(1));
  const auto running = pool.apply_async<&wait_at_gate>(gate.path());
  std::vector<AsyncResult<int>> behind;
  for (int number = 0; number < 100; ++number) behind.push_back(pool.apply_async<&own_pid>());
  gate.wait_reached();
  EXPECT_TRUE(running.running());
  for (const auto& each : behind) EXPECT_TRUE(each.cancel());
  for (const auto& each : behind) EXPECT_THROW(each.get(), CancelledError);
  gate.let_go();
  EXPECT_EQ(running.get(), 1);
  EXPECT_EQ(pool.apply<&square>(2), 4);
}

TEST_P(PoolTest, ASlowTaskHoldsUpNoOther) {
  Gate gate;
  Pool pool(runtime(), options(2));
  pool.map<&square>(numbers_to(10'000), 1);  // so that a worker gets many at a time
  const auto slow = pool.apply_async<&wait_at_gate>(gate.path());
  std::vector<AsyncResult<int>> others;
  for (int number = 0; number < 1000; ++number) others.push_back(pool.apply_async<&square>(number));
  for (int number = 0; number < 1000; ++number) EXPECT_EQ(others[static_cast<std::size_t>(number)].get(), number * number);
  EXPECT_FALSE(slow.ready());
  gate.open();
  EXPECT_EQ(slow.get(), 1);
}

TEST_P(PoolTest, C46_IsUsedByManyThreads) {
  Pool pool(runtime(), options(2));
  std::vector<std::thread> threads;
  std::atomic<int> total{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 60; ++round) {
        total += pool.apply<&square>(1);
        total += pool.apply_async<&square>(1).get();
        if (round % 20 == thread) total += static_cast<int>(pool.map<&square>(numbers_to(10), 1).size());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, 4 * (120 + 3 * 10));
}

// What waits in a callback may need the very thread that it waits in.
TEST_P(PoolTest, C46_ACallbackWaitsForAnyOfManyTasks) {
  Pool pool(runtime(), options(1));
  Promise<std::string> last;
  pool.apply_async<&square>(3).on_done([&] {
    std::vector<AsyncResult<std::string>> results;
    for (int each = 0; each < 20; ++each) results.push_back(pool.apply_async<&greet>(std::to_string(each)));
    last.set_value(results.back().get());
  });
  EXPECT_EQ(last.result().get(), "hello, 19");
}

// Requeued by a death, it can be cancelled like one that waits for the first time.
TEST_P(PoolTest, C39_ATaskThatAWorkersDeathHasLeftCanBeCancelled) {
  Gate gate;
  Gate next_gate;
  Pool pool(runtime(), options(1));
  const auto deadly = pool.apply_async(
      [](const std::string& path) {
        wait_at(path);
        std::abort();
      },
      gate.path());
  const auto holding = pool.apply_async<&wait_at_gate>(next_gate.path());
  const auto waiting = pool.apply_async<&square>(3);
  gate.open();
  EXPECT_THROW(deadly.get(), WorkerDiedError);
  next_gate.wait_reached();
  EXPECT_TRUE(waiting.cancel());
  EXPECT_THROW(waiting.get(), CancelledError);
  next_gate.let_go();
  EXPECT_EQ(holding.get(), 1);
}

TEST_P(PoolTest, HasNoHandlesMoreAfterManyDeaths) {
  Pool pool(runtime(), options(1));
  const auto die = [] { ::raise(SIGKILL); };
  const auto count_handles = [&] {
    EXPECT_EQ(pool.apply_async<&square>(1).get(), 1);
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  for (int round = 0; round < 10; ++round) EXPECT_THROW(pool.apply(die), WorkerDiedError);
  const auto before = count_handles();
  for (int round = 0; round < 40; ++round) EXPECT_THROW(pool.apply(die), WorkerDiedError);
  EXPECT_LT(count_handles(), before + 40);
}

TEST_P(PoolTest, P09_ImapGivesWhatCannotBeWrittenInItsPlace) {
  Pool pool(runtime(), options(1));
  auto results = pool.imap([](std::optional<Unwritable> item) { return item ? 1 : 0; },
                           std::vector<std::optional<Unwritable>>{std::nullopt, Unwritable(), std::nullopt});
  EXPECT_EQ(results.next(), 0);
  EXPECT_THROW(results.next(), std::runtime_error);
  EXPECT_EQ(results.next(), 0);
  EXPECT_EQ(results.next(), std::nullopt);
}

TEST_P(PoolTest, P18_ACloseInTheMiddleOfAnImapComesBehindWhatIsThere) {
  Pool pool(runtime(), options(1));
  auto results = pool.imap<&square>(numbers_to(1000));
  EXPECT_EQ(results.next(), 0);
  pool.close();
  int count = 1;
  EXPECT_THROW(while (results.next())++ count, PoolStateError);
  EXPECT_GE(count, 64);
  EXPECT_EQ(results.next(), std::nullopt);
}

TEST_P(PoolTest, C46_IsUsedFromItsCallbacks) {
  Pool pool(runtime(), options(1));
  Promise<int> nested;
  pool.apply_async<&square>(3).on_done(
      [&](const auto& result) { nested.set_value(pool.apply_async<&square>(result.get()).get()); });
  EXPECT_EQ(nested.result().get(), 81);
  Promise<std::string> of_text;
  pool.apply_async<&greet>("a").on_done(
      [&](const auto& result) { of_text.set_value(pool.apply_async<&greet>(result.get()).get()); });
  EXPECT_EQ(of_text.result().get(), "hello, hello, a");
}

}  // namespace
}  // namespace troupe::test
