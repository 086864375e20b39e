// SPDX-License-Identifier: BSL-1.0
// One call at a time, and who asks for them; by the numbers of multiprocessing's features.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

template <class Kind>
class PoolCalls : public KindTest<Kind> {};
TYPED_TEST_SUITE(PoolCalls, Kinds, KindNames);

TYPED_TEST(PoolCalls, P03_ApplyGivesTheResultOfOneCall) {
  auto pool = this->pool(2);
  EXPECT_EQ(pool.apply(fn<&square>, 5), 25);
  EXPECT_EQ(pool.apply(fn<&sum>, 5, 6), 11);
  EXPECT_EQ(pool.apply(fn<&greet>, "you"), "hello, you");
  EXPECT_EQ(pool.apply([](int a, const std::string& text) { return text + std::to_string(a); }, 5, "no "), "no 5");
  pool.apply(fn<&nothing>, 1);
  EXPECT_THROW(pool.apply(fn<&refuse>, 7), std::runtime_error);
  EXPECT_EQ(pool.apply(fn<&square>, 6), 36);
}

TYPED_TEST(PoolCalls, P04_ApplyAsyncGivesAResultAtOnce) {
  Gate gate;
  auto pool = this->pool(1);
  const auto waiting = pool.apply_async(fn<&wait_at_gate>, gate.path());
  const auto behind = pool.apply_async(fn<&square>, 3);
  EXPECT_FALSE(behind.ready());
  gate.open();
  EXPECT_EQ(waiting.get(), 1);
  EXPECT_EQ(behind.get(), 9);
  EXPECT_THROW(pool.apply_async(fn<&refuse>, 7).get(), std::runtime_error);
}

TYPED_TEST(PoolCalls, P15_ACallbackThatThrowsHoldsNobodyUp) {
  auto pool = this->pool(1);
  const auto result = pool.apply_async(fn<&square>, 2);
  result.on_done([] { throw std::runtime_error("(this is meant to be printed)"); });
  EXPECT_EQ(result.get(), 4);
  EXPECT_EQ(pool.apply_async(fn<&greet>, "you").get(), "hello, you");
}

TYPED_TEST(PoolCalls, P16_GetGivesUpAtItsTimeoutAndCanBeCalledAgain) {
  Gate gate;
  auto pool = this->pool(1);
  const auto waiting = pool.apply_async(fn<&wait_at_gate>, gate.path());
  EXPECT_THROW(waiting.get(std::chrono::milliseconds(1)), TimeoutError);
  EXPECT_THROW(waiting.get(std::chrono::seconds(0)), TimeoutError);
  gate.open();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(waiting.get(std::chrono::hours(1)), 1);
  const auto failed = pool.apply_async(fn<&refuse>, 7);
  for (int i = 0; i < 3; ++i) EXPECT_THROW(failed.get(), std::runtime_error);
}

TYPED_TEST(PoolCalls, P17_WaitThrowsNothingAndWhatIsNotReadyHasNotSucceeded) {
  Gate gate;
  auto pool = this->pool(1);
  const auto waiting = pool.apply_async(fn<&wait_at_gate>, gate.path());
  const auto failing = pool.apply_async(fn<&refuse>, 7);
  EXPECT_FALSE(waiting.wait(std::chrono::milliseconds(1)));
  EXPECT_FALSE(waiting.ready());
  EXPECT_THROW((void)waiting.successful(), ResultNotReady);
  gate.open();
  waiting.wait();
  EXPECT_TRUE(waiting.successful());
  failing.wait();
  EXPECT_FALSE(failing.successful());
}

TYPED_TEST(PoolCalls, C39_ATaskThatNoWorkerHasBegunCanBeCancelled) {
  Gate gate;
  auto pool = this->pool(1);
  const auto running = pool.apply_async(fn<&wait_at_gate>, gate.path());
  std::vector<AsyncResult<int>> behind;
  for (int number = 0; number < 100; ++number) behind.push_back(pool.apply_async(fn<&own_thread>));
  gate.wait_reached();
  EXPECT_TRUE(running.running());
  for (const auto& each : behind) EXPECT_TRUE(each.cancel());
  for (const auto& each : behind) EXPECT_THROW(each.get(), CancelledError);
  gate.let_go();
  EXPECT_EQ(running.get(), 1);
  EXPECT_EQ(pool.apply(fn<&square>, 2), 4);
}

TYPED_TEST(PoolCalls, ASlowTaskHoldsUpNoOther) {
  Gate gate;
  auto pool = this->pool(2);
  pool.map(fn<&square>, numbers_to(10'000), 1);  // so that a worker gets many at a time
  const auto slow = pool.apply_async(fn<&wait_at_gate>, gate.path());
  std::vector<AsyncResult<int>> others;
  for (int number = 0; number < 1000; ++number) others.push_back(pool.apply_async(fn<&square>, number));
  for (int number = 0; number < 1000; ++number) EXPECT_EQ(others[static_cast<std::size_t>(number)].get(), number * number);
  EXPECT_FALSE(slow.ready());
  gate.open();
  EXPECT_EQ(slow.get(), 1);
}

TYPED_TEST(PoolCalls, C46_IsUsedByManyThreads) {
  auto pool = this->pool(2);
  std::vector<std::thread> threads;
  std::atomic<int> total{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 60; ++round) {
        total += pool.apply(fn<&square>, 1);
        total += pool.apply_async(fn<&square>, 1).get();
        if (round % 20 == thread) total += static_cast<int>(pool.map(fn<&square>, numbers_to(10), 1).size());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, 4 * (120 + 3 * 10));
}

// What waits in a callback may need the very thread that it waits in.
TYPED_TEST(PoolCalls, C46_ACallbackWaitsForAnyOfManyTasks) {
  auto pool = this->pool(1);
  Promise<std::string> last;
  pool.apply_async(fn<&square>, 3).on_done([&] {
    std::vector<AsyncResult<std::string>> results;
    for (int each = 0; each < 20; ++each) results.push_back(pool.apply_async(fn<&greet>, std::to_string(each)));
    last.set_value(results.back().get());
  });
  EXPECT_EQ(last.result().get(), "hello, 19");
}

TYPED_TEST(PoolCalls, C46_IsUsedFromItsCallbacks) {
  auto pool = this->pool(1);
  Promise<int> nested;
  pool.apply_async(fn<&square>, 3).on_done([&](const auto& result) {
    nested.set_value(pool.apply_async(fn<&square>, result.get()).get());
  });
  EXPECT_EQ(nested.result().get(), 81);
  Promise<std::string> of_text;
  pool.apply_async(fn<&greet>, "a").on_done([&](const auto& result) {
    of_text.set_value(pool.apply_async(fn<&greet>, result.get()).get());
  });
  EXPECT_EQ(of_text.result().get(), "hello, hello, a");
}

}  // namespace
}  // namespace troupe::test
