// SPDX-License-Identifier: BSL-1.0
// How many workers a pool has: as many as it was told last, none that has nothing to do, none that has grown too large.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/executor.hpp>
#include <troupe/pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

int square(int number) { return number * number; }
int own_pid() { return ::getpid(); }
int wait_at_gate(const std::string& gate) {
  wait_at(gate);
  return ::getpid();
}
int grow(std::size_t bytes) {
  static std::vector<std::vector<char>> kept;
  kept.emplace_back(bytes, 'x');
  return ::getpid();
}

class PoolUpkeep : public testing::RuntimeTest, public ::testing::WithParamInterface<StartMethod> {
 protected:
  PoolOptions options(int processes, Timeout idle_timeout = {}) const {
    return {.processes = processes, .start = GetParam(), .idle_timeout = idle_timeout};
  }
  static void await_workers(const Pool& pool, std::size_t count) {
    while (pool.pids().size() != count) std::this_thread::yield();
  }
};
INSTANTIATE_TEST_SUITE_P(Pool, PoolUpkeep, ::testing::Values(StartMethod::forkserver, StartMethod::spawn), [](const auto& each) {
  return each.param == StartMethod::forkserver ? std::string("ByFork") : std::string("ByExec");
});

TEST_P(PoolUpkeep, EndsWhatIsTooManyAfterResize) {
  Pool pool(runtime(), options(4));
  pool.resize(1);
  EXPECT_EQ(pool.size(), 1);
  await_workers(pool, 1);
  EXPECT_EQ(pool.apply<&own_pid>(), pool.pids().front());
}

TEST_P(PoolUpkeep, LeavesNothingBehindASlowTaskOfOneThatEnds) {
  Pool pool(runtime(), options(2));
  std::array<Gate, 2> gates;
  std::vector<AsyncResult<int>> at_gates;
  for (Gate& each : gates) {
    at_gates.push_back(pool.apply_async<&wait_at_gate>(each.path()));
    each.wait_reached();
  }
  const int stays = pool.pids().front();
  std::vector<AsyncResult<int>> waiting;
  for (int number = 0; number < 10; ++number) waiting.push_back(pool.apply_async<&own_pid>());
  pool.resize(1);
  // Whichever of the two stays: it is free now, and the other one is not.
  gates[0].let_go();
  if (at_gates[0].get() != stays) gates[1].let_go();
  for (const auto& each : waiting) EXPECT_EQ(each.get(), stays);
}

TEST_P(PoolUpkeep, HasNoWorkersAfterTheIdleTimeout) {
  Pool pool(runtime(), options(2, 10ms));
  for (int round = 0; round < 5; ++round) {
    await_workers(pool, 0);
    EXPECT_EQ(pool.size(), 2);
    EXPECT_EQ(pool.apply<&square>(round), round * round);
    EXPECT_EQ(pool.apply_async<&square>(7).get(), 49);
  }
}

TEST_P(PoolUpkeep, LetsNoneRestBeforeAllHaveBegun) {
  for (int round = 0; round < 5; ++round) {
    Pool pool(runtime(), options(4, 1ns));
    EXPECT_EQ(pool.apply<&square>(round), round * round);
  }
}

TEST_P(PoolUpkeep, LetsNoneRestWhileATaskWaitsBehindAnother) {
  Pool pool(runtime(), options(2, 1ns));
  await_workers(pool, 0);
  std::array<Gate, 2> gates;
  std::vector<AsyncResult<int>> at_gates;
  for (const Gate& each : gates) at_gates.push_back(pool.apply_async<&wait_at_gate>(each.path()));
  for (Gate& each : gates) each.wait_reached();  // at the same time, though one came to a worker behind the other
}

TEST_P(PoolUpkeep, StartsAsManyAsThereAreTasksForAfterARest) {
  Pool pool(runtime(), options(2, 10ms));
  for (int round = 0; round < 3; ++round) {
    await_workers(pool, 0);
    std::array<Gate, 2> gates;
    std::vector<AsyncResult<int>> at_gates;
    for (const Gate& each : gates) at_gates.push_back(pool.apply_async<&wait_at_gate>(each.path()));
    for (Gate& each : gates) each.wait_reached();  // at the same time
    for (Gate& each : gates) each.let_go();
    EXPECT_NE(at_gates[0].get(), at_gates[1].get());
  }
}

TEST_P(PoolUpkeep, StartsOnlyAsManyAsThereAreTasksForAfterARest) {
  Pool pool(runtime(), options(4, 10ms));
  await_workers(pool, 0);
  Gate gate;
  const auto at_gate = pool.apply_async<&wait_at_gate>(gate.path());
  gate.wait_reached();
  EXPECT_EQ(pool.pids().size(), 1);
  gate.let_go();
  at_gate.get();
}

TEST_P(PoolUpkeep, KeepsAWorkerThatIsBusyLongerThanTheIdleTimeout) {
  Pool pool(runtime(), options(2, 10ms));
  await_workers(pool, 0);
  Gate gate;
  const auto at_gate = pool.apply_async<&wait_at_gate>(gate.path());
  gate.wait_reached();
  const auto other = pool.apply_async<&own_pid>();  // by another one, which rests again meanwhile
  EXPECT_NE(other.get(), pool.pids().front());
  await_workers(pool, 1);
  gate.let_go();
  EXPECT_GT(at_gate.get(), 0);
}

TEST_P(PoolUpkeep, EndsWhileItsWorkersRest) {
  {
    Pool pool(runtime(), options(2, 10ms));
    await_workers(pool, 0);
    pool.close();
    pool.join();
  }
  Pool pool(runtime(), options(2, 10ms));
  await_workers(pool, 0);
}

TEST_P(PoolUpkeep, DoesWhatItWasGivenBeforeItWasClosedAtRest) {
  Pool pool(runtime(), options(2, 10ms));
  await_workers(pool, 0);
  const auto squared = pool.apply_async<&square>(3);
  pool.close();
  pool.join();
  EXPECT_EQ(squared.get(), 9);
}

TEST_P(PoolUpkeep, SurvivesTheDeathOfAWorkerThatIsAboutToRest) {
  Pool pool(runtime(), options(1, 5ms));
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(pool.apply<&square>(round), round * round);
    if (const auto pids = pool.pids(); !pids.empty()) ::kill(pids.front(), SIGKILL);
  }
}

TEST_P(PoolUpkeep, ReplacesAWorkerThatHasGrownTooMuch) {
  constexpr std::size_t kMebibyte = 1024 * 1024;
  PoolOptions options = this->options(1);
  options.max_memory_growth = 32 * kMebibyte;
  Pool pool(runtime(), options);
  const int first = pool.apply<&grow>(kMebibyte);
  EXPECT_EQ(pool.apply<&grow>(64 * kMebibyte), first);
  while (pool.apply<&own_pid>() == first) std::this_thread::yield();
  EXPECT_EQ(pool.apply<&square>(3), 9);
}

TEST_P(PoolUpkeep, LosesNothingOfAWorkerThatIsReplacedForItsSize) {
  PoolOptions options = this->options(2);
  options.max_memory_growth = 1;
  Pool pool(runtime(), options);
  std::vector<std::size_t> sizes(400, 256 * 1024);
  EXPECT_EQ(pool.map<&grow>(sizes, 1).size(), sizes.size());
}

TEST_P(PoolUpkeep, RefusesOptionsThatCannotBeMeant) {
  const auto what = [this](const PoolOptions& options) -> std::string {
    try {
      const Pool pool(runtime(), options);
      return "";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  PoolOptions options = this->options(1);
  options.idle_timeout = 0s;
  EXPECT_THAT(what(options), HasSubstr("PoolOptions::idle_timeout"));
  options.idle_timeout = -1s;
  EXPECT_THAT(what(options), HasSubstr("PoolOptions::idle_timeout"));
  options = this->options(1);
  options.max_memory_growth = 0;
  EXPECT_THAT(what(options), HasSubstr("PoolOptions::max_memory_growth"));
}

TEST_P(PoolUpkeep, IsAnExecutorsToo) {
  ProcessPoolExecutor executor(runtime(), {.max_workers = 2, .start = GetParam(), .idle_timeout = 10ms});
  while (!executor.pids().empty()) std::this_thread::yield();
  EXPECT_EQ(executor.submit<&square>(5).get(), 25);
}

}  // namespace
}  // namespace troupe::test
