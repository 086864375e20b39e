// SPDX-License-Identifier: BSL-1.0
// What is said of pools of threads alone: nothing crosses, and no thread can be killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class ThreadPoolTest : public ::testing::Test {
 private:
  const testing::NothingLeftBehind nothing_left_behind_;
};

std::string own_name() {
  std::array<char, 16> text{};
  ::pthread_getname_np(::pthread_self(), text.data(), text.size());
  return text.data();
}

class Account {
 public:
  explicit Account(int balance) : balance_(balance) {}
  int balance() const { return balance_; }
  void pay(int amount) { balance_ -= amount; }

 private:
  int balance_;
};

struct OwnError {
  int code;
};

TEST_F(ThreadPoolTest, NeedsNoRuntime) {
  ThreadPool pool;
  EXPECT_EQ(pool.apply<&square>(5), 25);
  EXPECT_THAT(pool.map<&square>(numbers_to(3)), ElementsAre(0, 1, 4));
  EXPECT_THAT((pool.starmap<&sum>(std::vector<std::pair<int, int>>{{1, 2}})), ElementsAre(3));
  EXPECT_EQ(pool.imap<&square>(numbers_to(3)).next(), 0);
}

TEST_F(ThreadPoolTest, FunctionsMayCapture) {
  ThreadPool pool({.threads = 2});
  std::vector<int> seen(10);
  pool.map([&seen](int number) { seen[static_cast<std::size_t>(number)] = number + 1; }, numbers_to(10), 3);
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  const std::string greeting = "hello, ";
  EXPECT_EQ(pool.apply([&](const std::string& name) { return greeting + name; }, "you"), "hello, you");
  EXPECT_EQ(pool.apply([count = 0]() mutable { return ++count; }), 1);
  std::function<int(int)> negated = std::negate<>();
  EXPECT_THAT(pool.map(negated, numbers_to(3)), ElementsAre(0, -1, -2));
  EXPECT_EQ(pool.apply(square, 3), 9) << "a function as a value";
}

TEST_F(ThreadPoolTest, CallsWhatStdInvokeCalls) {
  ThreadPool pool({.threads = 1});
  EXPECT_EQ(pool.apply(&Account::balance, Account(5)), 5);
  Account account(7);
  pool.apply(&Account::pay, std::ref(account), 3);
  EXPECT_EQ(account.balance(), 4);
}

TEST_F(ThreadPoolTest, WhatCanOnlyBeMovedIsMoved) {
  ThreadPool pool({.threads = 2});
  auto doubled = [factor = std::make_unique<int>(2)](std::unique_ptr<int> number) {
    return std::make_unique<int>(*factor * *number);
  };
  std::vector<std::unique_ptr<int>> numbers;
  for (const int number : numbers_to(4)) numbers.push_back(std::make_unique<int>(number));
  const auto results = pool.map(std::move(doubled), std::move(numbers), 3);
  ASSERT_THAT(results, SizeIs(4));
  EXPECT_EQ(*results[3], 6);
  auto moved = pool.apply_async([](std::unique_ptr<int> number) { return number; }, std::make_unique<int>(5));
  EXPECT_EQ(*std::move(moved).get(), 5);
}

TEST_F(ThreadPoolTest, ResultsNeedNotBeDefaultConstructible) {
  ThreadPool pool({.threads = 2});
  const auto open = [](int balance) { return Account(balance); };
  EXPECT_EQ(pool.apply(open, 3).balance(), 3);
  for (const int chunksize : {1, 2}) EXPECT_EQ(pool.map(open, numbers_to(5), chunksize).at(4).balance(), 4);
  EXPECT_EQ(pool.imap(open, numbers_to(5), 2).next()->balance(), 0);
}

TEST_F(ThreadPoolTest, WhatIsThrownIsWhatArrives) {
  ThreadPool pool({.threads = 2});
  const auto result = pool.apply_async([] { throw OwnError{7}; });
  try {
    result.get();
    ADD_FAILURE() << "it has thrown";
  } catch (const OwnError& error) {
    EXPECT_EQ(error.code, 7);
  }
  EXPECT_THROW(pool.map([](int number) { return number == 3 ? throw OwnError{number} : number; }, numbers_to(5), 2), OwnError);
  auto results = pool.imap([](int number) { return number == 1 ? throw OwnError{number} : number; }, numbers_to(3), 3);
  EXPECT_EQ(results.next(), 0);
  EXPECT_THROW(results.next(), OwnError);
  EXPECT_EQ(results.next(), 2);
}

// Before anybody learns of the outcome.
TEST_F(ThreadPoolTest, P27_KeepsNothingOfATaskThatIsOver) {
  ThreadPool pool({.threads = 1});
  const auto kept = std::make_shared<int>(1);
  pool.apply([kept](const std::shared_ptr<int>&) {}, kept);
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_THROW(pool.apply([kept] { throw OwnError{1}; }), OwnError);
  EXPECT_EQ(kept.use_count(), 1);
  pool.map([kept](int) {}, numbers_to(10), 2);
  pool.map([kept](int) {}, numbers_to(10), 1);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(ThreadPoolTest, TasksBeginInTheirOrder) {
  ThreadPool pool({.threads = 1});
  std::vector<int> begun;
  for (int number = 0; number < 100; ++number) pool.apply_async([&begun, number] { begun.push_back(number); });
  pool.close();
  pool.join();
  EXPECT_EQ(begun, numbers_to(100));
}

TEST_F(ThreadPoolTest, P02_InitializesEachThreadOnce) {
  std::atomic<int> count{0};
  {
    ThreadPool pool({.threads = 3, .initializer = [&] { ++count; }});
    EXPECT_EQ(count, 3) << "when it is there, its threads are";
    pool.map<&square>(numbers_to(100), 1);
  }
  EXPECT_EQ(count, 3);
}

TEST_F(ThreadPoolTest, P02_BreaksWhenItsThreadsCannotBeReplaced) {
  std::atomic<int> count{0};
  ThreadPool pool({.threads = 1,
                   .initializer =
                       [&] {
                         if (++count > 1) throw std::domain_error("not again");
                       },
                   .max_tasks_per_child = 1});
  EXPECT_EQ(pool.apply<&square>(2), 4);
  const auto refused = [&] { pool.apply<&square>(3); };
  EXPECT_THROW(refused(), BrokenExecutorError);
  EXPECT_EQ(count, 1 + 5) << "nobody starts threads for ever";
}

TEST_F(ThreadPoolTest, P19_TerminateAsksWhatRunsToStop) {
  ThreadPool pool({.threads = 2});
  std::atomic<int> begun{0};
  const auto until_asked = [&] {
    const auto stop = this_call().stop_token();
    ++begun;
    begun.notify_one();
    while (!stop.stop_requested()) std::this_thread::yield();
    return 7;
  };
  const auto first = pool.apply_async(until_asked);
  const auto second = pool.apply_async(until_asked);
  for (int seen = begun; seen < 2; seen = begun) begun.wait(seen);
  pool.terminate();
  pool.join();
  EXPECT_EQ(first.get() + second.get(), 14) << "what it gives is its result";
}

TEST_F(ThreadPoolTest, B27_CancellingWhatRunsAsksItToStop) {
  ThreadPool pool({.threads = 1});
  Promise<void> has_begun;
  const auto result = pool.apply_async([&] {
    has_begun.set_value();
    while (!this_call().stop_token().stop_requested()) std::this_thread::yield();
    throw CancelledError("as asked");
  });
  has_begun.result().get();
  EXPECT_FALSE(result.cancel());
  EXPECT_THROW(result.get(), CancelledError);
  EXPECT_TRUE(result.cancelled());
  EXPECT_FALSE(pool.apply([] { return this_call().stop_token().stop_requested(); })) << "the next one is not";
}

TEST_F(ThreadPoolTest, ThereIsNoCallOutsideOfATask) {
  ThreadPool pool({.threads = 1});
  EXPECT_THROW((void)this_call(), std::logic_error);
  EXPECT_EQ(pool.apply([] { return this_call().deadline(); }), std::nullopt);
}

TEST_F(ThreadPoolTest, B04_ATaskThatEndsItsThreadFailsAlone) {
  ThreadPool pool({.threads = 1});
  const auto leaving = pool.apply_async([] { ::pthread_exit(nullptr); });
  const auto behind = pool.apply_async<&square>(3);
  EXPECT_THROW(leaving.get(), Error);
  EXPECT_EQ(behind.get(), 9);
  EXPECT_THROW(pool.map([](int number) { number == 3 ? ::pthread_exit(nullptr) : void(); }, numbers_to(10), 5), Error);
  EXPECT_THROW(ThreadPool({.threads = 2, .initializer = [] { ::pthread_exit(nullptr); }}), Error);
}

TEST_F(ThreadPoolTest, P27_TasksMayUseItWhileItIsDestroyed) {
  std::promise<void> begun;
  std::string refusal;
  {
    ThreadPool pool({.threads = 1});
    (void)pool.apply_async([&] {
      begun.set_value();
      while (!this_call().stop_token().stop_requested()) std::this_thread::yield();
      try {
        pool.apply_async<&square>(4);
      } catch (const PoolStateError& error) {
        refusal = error.what();
      }
    });
    begun.get_future().wait();
  }
  EXPECT_THAT(refusal, HasSubstr("closed or terminated"));
}

TEST_F(ThreadPoolTest, C30_TasksMayUseAnExecutorWhileItIsDestroyed) {
  std::promise<void> begun;
  bool is_refused = false;
  {
    ThreadPoolExecutor executor({.max_workers = 1});
    (void)executor.submit([&] {
      begun.set_value();
      while (!is_refused) {
        try {
          (void)executor.submit<&square>(4);
        } catch (const ExecutorShutdownError&) {
          is_refused = true;
        }
      }
    });
    begun.get_future().wait();
  }
  EXPECT_TRUE(is_refused);
}

TEST_F(ThreadPoolTest, C33_ItsThreadsHaveTheNamesThatTheyAreGiven) {
  ThreadPool pool({.threads = 1, .thread_name_prefix = "worker"});
  EXPECT_EQ(pool.apply(own_name), "worker_0");
}

TEST_F(ThreadPoolTest, C33_ALongPrefixLeavesRoomForTheNumber) {
  ThreadPool pool({.threads = 1, .thread_name_prefix = "a-rather-long-prefix"});
  EXPECT_EQ(pool.apply(own_name), "a-rather-long_0");
}

TEST_F(ThreadPoolTest, CountsWhatAThreadRunsWhileItWaits) {
  ThreadPool pool({.threads = 1, .max_tasks_per_child = 3});
  const int first = pool.apply([&] {
    pool.map(nothing, numbers_to(2), 1);
    return own_thread();
  });
  EXPECT_NE(pool.apply(own_thread), first) << "that were three";
}

class CannotBeCopied {
 public:
  CannotBeCopied() = default;
  CannotBeCopied(const CannotBeCopied&) { throw OwnError{5}; }
};

TEST_F(ThreadPoolTest, AnArgumentThatCannotBeCopiedIsTheTasksError) {
  ThreadPool pool({.threads = 1});
  const CannotBeCopied argument;
  const auto result = pool.apply_async([](const CannotBeCopied&) {}, argument);
  EXPECT_THROW(result.get(), OwnError);
}

TEST_F(ThreadPoolTest, AnExecutorTakesCapturesAndRanges) {
  ThreadPoolExecutor executor({.max_workers = 2});
  const int offset = 10;
  EXPECT_EQ(executor.submit([&](int number) { return number + offset; }, 1).get(), 11);
  EXPECT_EQ(executor.submit<&square>(3).get(), 9);
  const MapOptions options{.chunksize = 2};
  std::vector<int> sums;
  for (const int each : executor.map(
           options, [&](int a, int b) { return a + b + offset; }, numbers_to(3), numbers_to(3)))
    sums.push_back(each);
  EXPECT_THAT(sums, ElementsAre(10, 12, 14));
  MapOptions changing;
  EXPECT_EQ(executor.map<&square>(changing, numbers_to(3)).next(), 0);
}

}  // namespace
}  // namespace troupe::test
