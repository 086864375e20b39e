// SPDX-License-Identifier: BSL-1.0
// What concurrent.futures' executors do, by the numbers of its features.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

int die_of(int signal_number) { return ::raise(signal_number); }

template <class Results>
std::vector<int> all_of(Results results) {
  std::vector<int> values;
  for (const int value : results) values.push_back(value);
  return values;
}

template <class Kind>
class Executor : public KindTest<Kind> {};
TYPED_TEST_SUITE(Executor, Kinds, KindNames);

class ProcessExecutor : public testing::RuntimeTest {};

TYPED_TEST(Executor, C30_SubmitGivesAFuture) {
  auto executor = this->executor(2);
  const AsyncResult<int> future = executor.submit(fn<&square>, 5);
  EXPECT_EQ(future.get(), 25);
  EXPECT_EQ(executor.submit([](int a, int b) { return a * b; }, 3, 4).get(), 12);
  executor.shutdown();
  EXPECT_THROW(executor.submit(fn<&square>, 5), ExecutorShutdownError);
  EXPECT_THROW(executor.submit(fn<&square>, 5), PoolStateError) << "which it is, too";
}

TYPED_TEST(Executor, C31_MapZipsItsRanges) {
  auto executor = this->executor(2);
  EXPECT_THAT(all_of(executor.map(fn<&square>, numbers_to(5))), ElementsAre(0, 1, 4, 9, 16));
  const std::vector<int> longer{10, 20, 30, 40};
  EXPECT_THAT(all_of(executor.map(fn<&sum>, numbers_to(3), longer)), ElementsAre(10, 21, 32)) << "as long as the shortest";
  EXPECT_THAT(all_of(executor.map({.chunksize = 3}, fn<&sum>, longer, longer)), ElementsAre(20, 40, 60, 80));
  EXPECT_THROW((void)executor.map({.chunksize = 0}, fn<&square>, longer), std::invalid_argument);
}

TYPED_TEST(Executor, C31_MapSubmitsAllOfASizedRangeInTheCall) {
  auto executor = this->executor(2);
  const std::vector<int> numbers = numbers_to(1000);
  auto results = executor.map(fn<&sum>, numbers, numbers);
  executor.shutdown();
  for (int number = 0; number < 1000; ++number) EXPECT_EQ(results.next(), 2 * number);
  EXPECT_EQ(results.next(), std::nullopt);
}

TYPED_TEST(Executor, C31_MapSubmitsAWindowOfAnEndlessRangeInTheCall) {
  auto executor = this->executor(2);
  int pulled = 0;
  const auto endless = [](int& count) -> Generator<int> {
    for (;;) co_yield count++;
  };
  auto results = executor.map(fn<&square>, endless(pulled));
  EXPECT_GE(pulled, 64);
  EXPECT_LE(pulled, 65);
  executor.shutdown();
  for (int number = 0; number < 64; ++number) EXPECT_EQ(results.next(), number * number);
  EXPECT_THROW(results.next(), ExecutorShutdownError);
  EXPECT_EQ(results.next(), std::nullopt);
}

TYPED_TEST(Executor, C31_MapIsRefusedInTheCallAfterShutdown) {
  auto executor = this->executor(1);
  executor.shutdown();
  try {
    (void)executor.map(fn<&square>, numbers_to(3));
    ADD_FAILURE() << "it has been shut down";
  } catch (const ExecutorShutdownError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the executor has been shut down"));
  }
}

TYPED_TEST(Executor, C31_AnErrorInItsPlaceEndsAMap) {
  auto executor = this->executor(2);
  auto results = executor.map(fn<&fail_at_three>, numbers_to(10));
  for (int number = 0; number < 3; ++number) EXPECT_EQ(results.next(), number);
  EXPECT_THROW(results.next(), std::out_of_range);
  EXPECT_EQ(results.next(), std::nullopt);
}

TYPED_TEST(Executor, C31_TheTimeOutOfAMapIsForAllOfIt) {
  Gate gate;
  auto executor = this->executor(1);
  const auto holding = executor.submit(fn<&wait_at_gate>, gate.path());
  gate.wait_reached();
  auto results = executor.map({.timeout = 20ms}, fn<&square>, numbers_to(100));
  try {
    results.next();
    ADD_FAILURE() << "its only worker does something else";
  } catch (const TimeoutError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no result of map"));
  }
  EXPECT_EQ(results.next(), std::nullopt) << "what was left has been cancelled";
  gate.let_go();
  EXPECT_EQ(holding.get(), 1);
}

TYPED_TEST(Executor, C32_ShutdownDoesWhatIsThere) {
  Gate gate;
  auto executor = this->executor(1);
  const auto running = executor.submit(fn<&wait_at_gate>, gate.path());
  std::vector<AsyncResult<int>> behind;
  for (int number = 0; number < 100; ++number) behind.push_back(executor.submit(fn<&square>, number));
  executor.shutdown(false);
  EXPECT_FALSE(running.ready());
  gate.open();
  executor.shutdown();
  for (int number = 0; number < 100; ++number) EXPECT_EQ(behind[static_cast<std::size_t>(number)].get(), number * number);
  executor.shutdown();
}

TYPED_TEST(Executor, C32_ShutdownCanCancelWhatHasNotBegun) {
  Gate gate;
  auto executor = this->executor(1);
  const auto running = executor.submit(fn<&wait_at_gate>, gate.path());
  std::vector<AsyncResult<int>> behind;
  for (int number = 0; number < 100; ++number) behind.push_back(executor.submit(fn<&square>, number));
  gate.wait_reached();
  executor.shutdown(false, true);
  for (const auto& each : behind) EXPECT_THROW(each.get(), CancelledError);
  gate.let_go();
  executor.shutdown();
  EXPECT_EQ(running.get(), 1);
}

TYPED_TEST(Executor, C34_AnInitializerThatThrowsIsItsError) {
  EXPECT_THROW(this->executor(2, fn<&fail_to_initialize>), std::domain_error);
  this->expect_no_worker();
}

TYPED_TEST(Executor, C34_RefusesImpossibleOptions) {
  EXPECT_THROW(this->executor(0), std::invalid_argument);
  try {
    this->executor(1, typename TypeParam::Initializer(), -3);
    ADD_FAILURE() << "that cannot be meant";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("ExecutorOptions::max_tasks_per_child"));
  }
}

TYPED_TEST(Executor, C37_AWorkerIsReplacedWhenItHasDoneSoMuch) {
  auto executor = this->executor(1, typename TypeParam::Initializer(), 2);
  std::map<int, int> tasks;
  for (int round = 0; round < 6; ++round) ++tasks[executor.submit(fn<&own_thread>).get()];
  EXPECT_THAT(tasks, ::testing::SizeIs(3));
  std::vector<AsyncResult<int>> left;
  for (int number = 0; number < 20; ++number) left.push_back(executor.submit(fn<&square>, number));
  executor.shutdown();
  for (int number = 0; number < 20; ++number) EXPECT_EQ(left[static_cast<std::size_t>(number)].get(), number * number);
}

TEST_F(ProcessExecutor, C35_AWorkerThatDiesTakesItsTaskAlongOnly) {
  ProcessPoolExecutor executor(runtime(), {.max_workers = 2});
  const auto deadly = executor.submit<&die_of>(SIGKILL);
  EXPECT_THROW(deadly.get(), WorkerDiedError);
  EXPECT_EQ(executor.submit<&square>(3).get(), 9);
}

TEST_F(ProcessExecutor, C35_AStrictOneBreaks) {
  ProcessPoolExecutor executor(runtime(), {.max_workers = 2, .strict = true});
  EXPECT_THROW(executor.submit<&die_of>(SIGKILL).get(), BrokenExecutorError);
  EXPECT_THROW(executor.submit<&square>(3), BrokenExecutorError);
}

TEST_F(ProcessExecutor, C38_WorkersCanBeKilled) {
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
