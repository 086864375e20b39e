// SPDX-License-Identifier: BSL-1.0
// What concurrent.futures' ProcessPoolExecutor does, by the numbers of its features.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/executor.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

int square(int number) { return number * number; }
int sum(int a, int b) { return a + b; }
int fail_at_three(int number) {
  if (number == 3) throw std::out_of_range("three");
  return number;
}
int die_of(int signal_number) { return ::raise(signal_number); }
int wait_at_gate(const std::string& gate) {
  wait_at(gate);
  return 1;
}
void fail_to_initialize() { throw std::domain_error("this worker does not work"); }

template <class Results>
std::vector<int> all_of(Results results) {
  std::vector<int> values;
  for (const int value : results) values.push_back(value);
  return values;
}

std::vector<int> numbers_to(int last) {
  std::vector<int> numbers(static_cast<std::size_t>(last));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

class Executor : public testing::RuntimeTest {};

TEST_F(Executor, C30_SubmitGivesAFuture) {
  ProcessPoolExecutor executor(runtime(), {.max_workers = 2});
  const AsyncResult<int> future = executor.submit<&square>(5);
  EXPECT_EQ(future.get(), 25);
  EXPECT_EQ(executor.submit([](int a, int b) { return a * b; }, 3, 4).get(), 12);
  executor.shutdown();
  EXPECT_THROW(executor.submit<&square>(5), ExecutorShutdownError);
  EXPECT_THROW(executor.submit<&square>(5), PoolStateError) << "which it is, too";
}

TEST_F(Executor, C31_MapZipsItsRanges) {
  ProcessPoolExecutor executor(runtime(), {.max_workers = 2});
  EXPECT_THAT(all_of(executor.map<&square>(numbers_to(5))), ElementsAre(0, 1, 4, 9, 16));
  const std::vector<int> longer{10, 20, 30, 40};
  EXPECT_THAT(all_of(executor.map<&sum>(numbers_to(3), longer)), ElementsAre(10, 21, 32)) << "as long as the shortest";
  EXPECT_THAT(all_of(executor.map({.chunksize = 3}, fn<&sum>, longer, longer)), ElementsAre(20, 40, 60, 80));
  EXPECT_THROW((void)executor.map({.chunksize = 0}, fn<&square>, longer), std::invalid_argument);
}

TEST_F(Executor, C31_AnErrorInItsPlaceEndsAMap) {
  ProcessPoolExecutor executor(runtime(), {.max_workers = 2});
  auto results = executor.map<&fail_at_three>(numbers_to(10));
  for (int number = 0; number < 3; ++number) EXPECT_EQ(results.next(), number);
  EXPECT_THROW(results.next(), std::out_of_range);
  EXPECT_EQ(results.next(), std::nullopt);
}

TEST_F(Executor, C31_TheTimeOutOfAMapIsForAllOfIt) {
  Gate gate;
  ProcessPoolExecutor executor(runtime(), {.max_workers = 1});
  const auto holding = executor.submit<&wait_at_gate>(gate.path());
  gate.wait_reached();
  auto results = executor.map({.timeout = 20ms}, fn<&square>, numbers_to(100));
  EXPECT_THROW(results.next(), TimeoutError);
  EXPECT_EQ(results.next(), std::nullopt) << "what was left has been cancelled";
  gate.let_go();
  EXPECT_EQ(holding.get(), 1);
}

TEST_F(Executor, C32_ShutdownDoesWhatIsThere) {
  Gate gate;
  ProcessPoolExecutor executor(runtime(), {.max_workers = 1});
  const auto running = executor.submit<&wait_at_gate>(gate.path());
  std::vector<AsyncResult<int>> behind;
  for (int number = 0; number < 100; ++number) behind.push_back(executor.submit<&square>(number));
  executor.shutdown(false);
  EXPECT_FALSE(running.ready());
  gate.open();
  executor.shutdown();
  for (int number = 0; number < 100; ++number) EXPECT_EQ(behind[static_cast<std::size_t>(number)].get(), number * number);
  executor.shutdown();
}

TEST_F(Executor, C32_ShutdownCanCancelWhatHasNotBegun) {
  Gate gate;
  ProcessPoolExecutor executor(runtime(), {.max_workers = 1});
  const auto running = executor.submit<&wait_at_gate>(gate.path());
  std::vector<AsyncResult<int>> behind;
  for (int number = 0; number < 100; ++number) behind.push_back(executor.submit<&square>(number));
  gate.wait_reached();
  executor.shutdown(false, true);
  for (const auto& each : behind) EXPECT_THROW(each.get(), CancelledError);
  gate.let_go();
  executor.shutdown();
  EXPECT_EQ(running.get(), 1);
}

TEST_F(Executor, C34_AnInitializerThatThrowsIsItsError) {
  EXPECT_THROW(ProcessPoolExecutor(runtime(), {.max_workers = 2, .initializer = fn<&fail_to_initialize>}), std::domain_error);
  EXPECT_THROW(ProcessPoolExecutor(runtime(), {.max_workers = 0}), std::invalid_argument);
  EXPECT_THROW(ProcessPoolExecutor(runtime(), {.max_workers = 1, .max_tasks_per_child = -3}), std::invalid_argument);
}

TEST_F(Executor, C35_AWorkerThatDiesTakesItsTaskAlongOnly) {
  ProcessPoolExecutor executor(runtime(), {.max_workers = 2});
  const auto deadly = executor.submit<&die_of>(SIGKILL);
  EXPECT_THROW(deadly.get(), WorkerDiedError);
  EXPECT_EQ(executor.submit<&square>(3).get(), 9);
}

TEST_F(Executor, C35_AStrictOneBreaks) {
  ProcessPoolExecutor executor(runtime(), {.max_workers = 2, .strict = true});
  EXPECT_THROW(executor.submit<&die_of>(SIGKILL).get(), BrokenExecutorError);
  EXPECT_THROW(executor.submit<&square>(3), BrokenExecutorError);
}

TEST_F(Executor, C38_WorkersCanBeKilled) {
  Gate gate;
  ProcessPoolExecutor executor(runtime(), {.max_workers = 1});
  const auto running = executor.submit<&wait_at_gate>(gate.path());
  gate.wait_reached();
  executor.kill_workers();
  EXPECT_THROW(running.get(), BrokenExecutorError);
  EXPECT_THROW(executor.submit<&square>(3), ExecutorShutdownError);
  executor.terminate_workers();
  executor.shutdown();
}

}  // namespace
}  // namespace troupe::test
