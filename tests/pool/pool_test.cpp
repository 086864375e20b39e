// SPDX-License-Identifier: BSL-1.0
// What is said of pools of processes alone: of what crosses between them, and of their ends; for both ways to start a worker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>
#include <cereal/types/optional.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

int own_pid() { return ::getpid(); }

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

TEST_P(PoolTest, P02_AnInitializerThatDiesIsTheConstructorsError) {
  PoolOptions with_initializer = options(2);
  with_initializer.initializer = [] { std::abort(); };
  EXPECT_THROW(Pool(runtime(), with_initializer), WorkerDiedError);
  EXPECT_THAT(runtime().actors(), IsEmpty());
}

TEST_P(PoolTest, P01_HasTheProcessesThatItIsTold) {
  Pool pool(runtime(), options(3));
  EXPECT_EQ(pool.size(), 3u);
  const auto pids = pool.pids();
  EXPECT_EQ(std::set<int>(pids.begin(), pids.end()).size(), 3u);
  EXPECT_THAT(pids, ::testing::Contains(pool.apply<&own_pid>()));
  EXPECT_EQ(Pool(runtime(), {.start = GetParam()}).size(), static_cast<std::size_t>(detail::usable_processors()));
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

}  // namespace
}  // namespace troupe::test
