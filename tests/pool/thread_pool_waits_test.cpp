// SPDX-License-Identifier: BSL-1.0
// Tasks of pools of threads that wait for each other, and pools that end in the midst of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class ThreadPoolWaits : public ::testing::Test {
 private:
  const testing::NothingLeftBehind nothing_left_behind_;
};

int fibonacci(ThreadPool& pool, int number) {
  if (number < 2) return number;
  const auto one = pool.apply_async(fibonacci, std::ref(pool), number - 1);
  const auto two = pool.apply_async(fibonacci, std::ref(pool), number - 2);
  return one.get() + two.get();
}

TEST_F(ThreadPoolWaits, C45_ATaskRunsWhatItWaitsFor) {
  ThreadPool pool({.threads = 1});
  const auto outer = std::this_thread::get_id();
  EXPECT_TRUE(pool.apply([&] {
    const auto mine = std::this_thread::get_id();
    return mine != outer && pool.apply([] { return std::this_thread::get_id(); }) == mine;
  }));
}

TEST_F(ThreadPoolWaits, C45_HoweverDeepAndHoweverFewThreadsThereAre) {
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool({.threads = threads});
    EXPECT_EQ(pool.apply(fibonacci, std::ref(pool), 12), 144) << threads;
  }
}

TEST_F(ThreadPoolWaits, C45_ForManyItemsInATask) {
  ThreadPool pool({.threads = 1});
  for (const int chunksize : {1, 3}) {
    EXPECT_EQ(pool.apply([&] {
      const auto squares = pool.map<&square>(numbers_to(10), chunksize);
      return std::accumulate(squares.begin(), squares.end(), 0);
    }),
              285);
  }
  EXPECT_EQ(pool.apply([&] {
    int total = 0;
    for (const int each : pool.imap<&square>(numbers_to(10))) total += each;
    for (const int each : pool.imap_unordered<&square>(numbers_to(10), 2)) total += each;
    return total;
  }),
            2 * 285);
}

TEST_F(ThreadPoolWaits, C45_InAllWaysToWaitForSeveral) {
  ThreadPool pool({.threads = 1});
  const auto two = [&] { return std::vector{pool.apply_async<&square>(2), pool.apply_async<&square>(3)}; };
  EXPECT_EQ(pool.apply([&] {
    const auto results = two();
    return wait(results).done.size();
  }),
            2u);
  EXPECT_GE(pool.apply([&] {
    const auto results = two();
    return wait(results, Timeout(), ReturnWhen::first_completed).done.size();
  }),
            1u);
  EXPECT_EQ(pool.apply([&] {
    int total = 0;
    for (const auto& each : as_completed(two())) total += each.get();
    return total;
  }),
            13);
  EXPECT_THAT(pool.apply([&] { return gather(two()).get(); }), ElementsAre(4, 9));
  EXPECT_EQ(pool.apply([&] { return pool.apply_async<&square>(2).then([](int number) { return number + 1; }).get(); }), 5);
}

TEST_F(ThreadPoolWaits, C45_ForATaskThatIsGivenOnlyMeanwhile) {
  ThreadPool pool({.threads = 1});
  const auto two_in_turn = [&] {
    return pool.apply_async<&square>(2).then([&](int number) { return pool.apply_async<&square>(number); });
  };
  EXPECT_EQ(pool.apply([&] { return two_in_turn().get(); }), 16);
  EXPECT_EQ(pool.apply([&] { return two_in_turn().then([&](int number) { return pool.apply_async<&sum>(number, 1); }).get(); }),
            17);
  EXPECT_EQ(pool.apply([&] { return wait({two_in_turn()}, Timeout(), ReturnWhen::first_completed).done.at(0).get(); }), 16);
  EXPECT_EQ(pool.apply([&] { return as_completed({two_in_turn()}).begin()->get(); }), 16);
  EXPECT_LT(pool.apply([&] {
    const std::vector both{two_in_turn(), two_in_turn()};
    const std::size_t first = when_any(both).get();
    wait(both);
    return first;
  }),
            2u);
}

TEST_F(ThreadPoolWaits, ATaskRunsWhatItWaitsForInItsOrder) {
  ThreadPool pool({.threads = 1});
  std::vector<int> begun;
  pool.apply([&] { pool.map([&](int number) { begun.push_back(number); }, numbers_to(5), 1); });
  EXPECT_EQ(begun, numbers_to(5));
}

// What a task does that waits for the first of several.
using FirstOf = void (*)(const std::vector<AsyncResult<void>>&);
constexpr FirstOf kWaysToTheFirst[] = {
    [](const std::vector<AsyncResult<void>>& several) { wait(several, Timeout(), ReturnWhen::first_completed); },
    [](const std::vector<AsyncResult<void>>& several) { as_completed(several).begin(); },
    [](const std::vector<AsyncResult<void>>& several) { when_any(several).wait(); },
};

// It might be one that waits for the task to go on.
TEST_F(ThreadPoolWaits, OneOfSeveralIsLeftToThreadsThatCanRunIt) {
  for (const FirstOf first_of : kWaysToTheFirst) {
    ThreadPool pool({.threads = 4});
    std::latch busy(3);
    Promise<void> may_help;
    Promise<void> is_about_to_wait;
    for (int number = 0; number < 3; ++number) {
      pool.apply_async([&busy, help = may_help.result()] {
        busy.count_down();
        help.get();
      });
    }
    const auto outer = pool.apply_async([&] {
      busy.wait();
      Promise<void> may_go;
      const auto blocked = [go = may_go.result()] { go.get(); };
      const std::vector several{pool.apply_async(blocked), pool.apply_async([] {}), pool.apply_async(blocked)};
      is_about_to_wait.set_value();
      first_of(several);
      may_go.set_value();
      wait(several);
    });
    is_about_to_wait.result().get();
    may_help.set_value();
    outer.get();
  }
}

int fibonacci_as_completed(ThreadPool& pool, int number) {
  if (number < 2) return number;
  int total = 0;
  for (const auto& each : as_completed({pool.apply_async(fibonacci_as_completed, std::ref(pool), number - 1),
                                        pool.apply_async(fibonacci_as_completed, std::ref(pool), number - 2)}))
    total += each.get();
  return total;
}

int fibonacci_of_first(ThreadPool& pool, int number) {
  if (number < 2) return number;
  const std::vector both{pool.apply_async(fibonacci_of_first, std::ref(pool), number - 1),
                         pool.apply_async(fibonacci_of_first, std::ref(pool), number - 2)};
  (void)when_any(both).get();
  return wait(both).done.size() == 2 ? both[0].get() + both[1].get() : -1;
}

TEST_F(ThreadPoolWaits, C45_AllThreadsMayWaitForOneOfSeveral) {
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool({.threads = threads});
    EXPECT_EQ(pool.apply(fibonacci_as_completed, std::ref(pool), 10), 55) << threads;
    EXPECT_EQ(pool.apply(fibonacci_of_first, std::ref(pool), 10), 55) << threads;
  }
}

TEST_F(ThreadPoolWaits, ATaskMayLookWhetherItHasEnded) {
  ThreadPool pool({.threads = 1});
  Promise<AsyncResult<int>> own;
  const auto result = pool.apply_async([&] {
    const auto mine = own.result().get();
    return mine.ready() || mine.wait(0s) ? 1 : 0;
  });
  own.set_value(result);
  EXPECT_EQ(result.get(), 0);
}

TEST_F(ThreadPoolWaits, C45_ATaskThatWaitsForItselfIsTold) {
  ThreadPool pool({.threads = 2});
  Promise<AsyncResult<int>> own;
  const auto result = pool.apply_async([&] { return own.result().get().get(); });
  own.set_value(result);
  EXPECT_THROW(result.get(), WouldDeadlock);
}

TEST_F(ThreadPoolWaits, C45_AlsoThroughOneThatItRuns) {
  ThreadPool pool({.threads = 1});
  Promise<AsyncResult<int>> own;
  const auto result = pool.apply_async([&] { return pool.apply([&] { return own.result().get().get(); }); });
  own.set_value(result);
  EXPECT_THROW(result.get(), WouldDeadlock);
}

// It would not be back in time if what it waits for took longer.
TEST_F(ThreadPoolWaits, AWaitWithATimeOutRunsNothing) {
  ThreadPool pool({.threads = 1});
  EXPECT_TRUE(pool.apply([&] {
    const auto behind = pool.apply_async<&square>(2);
    return !behind.wait(1ms) && behind.cancel();
  }));
}

TEST_F(ThreadPoolWaits, AnotherPoolsTasksAreLeftToItsThreads) {
  ThreadPool pool({.threads = 1});
  ThreadPool other({.threads = 1});
  const auto id_in = [](ThreadPool& in) { return in.apply([] { return std::this_thread::get_id(); }); };
  EXPECT_EQ(pool.apply([&] { return id_in(other); }), id_in(other));
}

TEST_F(ThreadPoolWaits, JoiningItInATaskIsAnError) {
  ThreadPool pool({.threads = 1});
  const auto result = pool.apply_async([&] {
    pool.close();
    pool.join();
  });
  EXPECT_THROW(result.get(), WouldDeadlock);
  pool.join();
  ThreadPoolExecutor executor({.max_workers = 1});
  EXPECT_THROW(executor.submit([&] { executor.shutdown(); }).get(), WouldDeadlock);
}

TEST_F(ThreadPoolWaits, ATaskMayDestroyItsPool) {
  auto pool = std::make_unique<ThreadPool>(ThreadPoolOptions{.threads = 2});
  Promise<void> may_go;
  const auto behind_it = pool->apply_async([&] { may_go.result().get(); });
  const auto result = pool->apply_async([&] { pool.reset(); });
  result.get();
  EXPECT_EQ(pool, nullptr);
  may_go.set_value();
  behind_it.get();
  auto executor = std::make_unique<ThreadPoolExecutor>(ThreadExecutorOptions{.max_workers = 1});
  executor->submit([&] { executor.reset(); }).get();
}

TEST_F(ThreadPoolWaits, ACallbackMayDestroyThePool) {
  auto pool = std::make_unique<ThreadPool>(ThreadPoolOptions{.threads = 2});
  Promise<void> gone;
  pool->apply_async<&square>(2).on_done([&] {
    pool.reset();
    gone.set_value();
  });
  gone.result().get();
  EXPECT_EQ(pool, nullptr);
}

TEST_F(ThreadPoolWaits, ItsDestructorHasRunAllCallbacks) {
  std::atomic<int> told{0};  // also here, of those that are over at once
  {
    ThreadPool pool({.threads = 2});
    for (int number = 0; number < 100; ++number) pool.apply_async<&square>(number).on_done([&] { ++told; });
  }
  EXPECT_EQ(told, 100);
}

TEST_F(ThreadPoolWaits, CallbacksRunInNoThreadOfIts) {
  ThreadPool pool({.threads = 1});
  Promise<std::thread::id> told;
  Promise<void> go;
  const auto result = pool.apply_async([&] {
    go.result().get();
    return std::this_thread::get_id();
  });
  result.on_done([&] { told.set_value(std::this_thread::get_id()); });
  go.set_value();
  EXPECT_NE(told.result().get(), result.get());
}

TEST_F(ThreadPoolWaits, ManyThreadsUseItWhileItIsTerminated) {
  for (int round = 0; round < 20; ++round) {
    ThreadPool pool({.threads = 3, .max_tasks_per_child = 5});
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&pool] {
        try {
          for (int number = 0;; ++number) {
            const auto result = pool.apply_async<&square>(number);
            if (number % 3 == 0) result.cancel();
            if (number % 2 == 0) result.wait();
          }
        } catch (const PoolStateError&) {
        }
      });
    }
    for (int number = 0; number < 20; ++number) EXPECT_EQ(pool.apply<&square>(number), number * number);
    pool.terminate();
    for (auto& thread : threads) thread.join();
    pool.join();
  }
}

}  // namespace
}  // namespace troupe::test
