// SPDX-License-Identifier: BSL-1.0
// How pools of threads end: by whom, while what goes on, and what has run then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

class ThreadPoolEnds : public ::testing::Test {
 private:
  const testing::NothingLeftBehind nothing_left_behind_;
};

struct Gate {
  AsyncResult<void> is_open;
  Promise<void>& is_reached;
};

// Has a callback of the pool's do something when a task has come to a gate, which that opens.
template <class Task, class Callback>
auto meanwhile(ThreadPool& pool, const Task& task, Callback callback) {
  Promise<void> may_begin;
  Promise<void> is_reached;
  Promise<void> may_go;
  Promise<void> is_done;
  const auto first = pool.apply_async([begin = may_begin.result()] { begin.get(); });
  const auto result = pool.apply_async([&, gate = may_go.result()] { return task(Gate{gate, is_reached}); });
  is_reached.result().get();
  first.on_done([&] {
    may_go.set_value();
    callback();
    is_done.set_value();
  });
  may_begin.set_value();
  is_done.result().get();
  return result.get();
}

std::function<int(const Gate&)> maps(ThreadPool& pool) {
  return [&pool](const Gate& gate) {
    const auto numbers = pool.map_async([open = gate.is_open](int number) { return open.get(), number; }, numbers_to(3), 1);
    gate.is_reached.set_value();
    return static_cast<int>(numbers.get().size());
  };
}
// The function runs where callbacks do.
std::function<int(const Gate&)> goes_on(ThreadPool& pool) {
  return [&pool](const Gate& gate) {
    const auto number = pool.apply_async([open = gate.is_open] { return open.get(), 2; }).then([](int two) { return two + 1; });
    gate.is_reached.set_value();
    return number.get();
  };
}

TEST_F(ThreadPoolEnds, ACallbackMayWaitForATaskThatMaps) {
  ThreadPool pool({.threads = 2});
  int size = 0;
  const auto wait_for_another = [&] { size = pool.apply([&] { return pool.map<&square>(numbers_to(3)).at(2); }); };
  EXPECT_EQ(meanwhile(pool, maps(pool), wait_for_another), 3);
  EXPECT_EQ(size, 4);
}

TEST_F(ThreadPoolEnds, ACallbackMayJoinWhileATaskWaitsForCallbacks) {
  for (const auto& task : {maps, goes_on}) {
    ThreadPool pool({.threads = 4});
    const auto join = [&] {
      pool.close();
      pool.join();
    };
    EXPECT_EQ(meanwhile(pool, task(pool), join), 3);
  }
}

TEST_F(ThreadPoolEnds, ATaskWaitsForNoCallbackWhenItMaps) {
  ThreadPool pool({.threads = 2});
  std::atomic<bool> has_mapped{false};
  const auto block = [&] {
    while (!has_mapped) std::this_thread::yield();
  };
  const auto map = [&](const Gate& gate) {
    gate.is_reached.set_value();
    gate.is_open.get();
    const auto size = pool.map<&square>(numbers_to(100), 3).size();
    has_mapped = true;
    return size;
  };
  EXPECT_EQ(meanwhile(pool, map, block), 100u);
}

// Its value is destroyed in its thread, when it is over and nobody wants the result. Members are destroyed from the last on.
TEST_F(ThreadPoolEnds, AValueMayOwnThePoolThatHasMadeIt) {
  struct Owner {
    Promise<void> is_gone;
    std::shared_ptr<ThreadPool> pool;
  };
  Promise<void> is_gone;
  const auto gone = is_gone.result();
  Promise<void> may_go;
  auto pool = std::make_shared<ThreadPool>(ThreadPoolOptions{.threads = 2});
  ThreadPool& used = *pool;
  used.apply_async([owner = Owner{std::move(is_gone), std::move(pool)}, go = may_go.result()]() mutable {
    go.get();
    return std::move(owner);
  });
  may_go.set_value();
  EXPECT_THROW(gone.get(), InvalidState) << "the promise went with the owner";
}

TEST_F(ThreadPoolEnds, WhatWaitsMayOwnThePoolThatIsTerminated) {
  auto pool = std::make_shared<ThreadPool>(ThreadPoolOptions{.threads = 1});
  ThreadPool& used = *pool;
  Promise<void> has_begun;
  used.apply_async([&] {
    const auto stop = this_call().stop_token();
    has_begun.set_value();
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  has_begun.result().get();
  const auto waiting = used.apply_async([pool = std::move(pool)] {});
  used.terminate();
  EXPECT_THROW(waiting.get(), PoolTerminated);
}

struct AtExit {
  ~AtExit() {
    if (promise) promise->set_value();
  }
  std::optional<Promise<void>> promise{};
};
thread_local AtExit at_exit;

// When the thread has ended, what it destroys of its own may complete results.
TEST_F(ThreadPoolEnds, AThreadsOwnObjectsMayOutliveThePool) {
  Promise<void> promise;
  Promise<void> told;
  promise.result().on_done([&] { told.set_value(); });
  auto pool = std::make_unique<ThreadPool>(ThreadPoolOptions{.threads = 1});
  pool->apply_async([&] {
    at_exit.promise = std::move(promise);
    pool.reset();
  });
  told.result().get();
}

TEST_F(ThreadPoolEnds, AnInitializerThatJoinsIsTold) {
  ThreadPool* used = nullptr;
  Promise<void> was_told;
  ThreadPool pool({.threads = 1,
                   .initializer =
                       [&] {
                         if (used == nullptr) return;
                         used->close();
                         EXPECT_THROW(used->join(), WouldDeadlock);
                         was_told.set_value();
                       },
                   .max_tasks_per_child = 1});
  used = &pool;
  pool.apply<&square>(2);
  was_told.result().get();
}

TEST_F(ThreadPoolEnds, ThreadsThatAreMissingLaterHaveAsManyAttempts) {
  std::atomic<int> turn = 0;
  ThreadPool pool({.threads = 2,
                   .initializer =
                       [&turn] {
                         const int mine = turn++;
                         if (2 <= mine && mine < 2 + 5 + 3) throw std::runtime_error("not now");
                       },
                   .max_tasks_per_child = 1});
  for (int task = 0; task < 3; ++task) EXPECT_EQ(pool.apply([] { return 7; }), 7);
}

TEST_F(ThreadPoolEnds, AnErrorOfAnInitializerMayUseThePoolWhenItIsAskedForItsText) {
  struct Busy : std::exception {
    explicit Busy(ThreadPool& its_pool) : pool(its_pool) {}
    const char* what() const noexcept override {
      pool.on_progress([](const Progress&) {});
      return "busy";
    }
    ThreadPool& pool;
  };
  std::atomic<ThreadPool*> used = nullptr;
  ThreadPool pool({.threads = 1,
                   .initializer =
                       [&used] {
                         if (used != nullptr) throw Busy(*used);
                       },
                   .max_tasks_per_child = 1});
  used = &pool;
  EXPECT_EQ(pool.apply([] { return 7; }), 7);
  EXPECT_THROW(for (;;) pool.apply([] { return 7; }), BrokenExecutorError);
}

TEST_F(ThreadPoolEnds, ItsDestructorHasRunAllCallbacksThoughARangeLives) {
  std::atomic<bool> is_ending{false};
  std::atomic<bool> has_been_told{false};
  Promise<void> may_go;
  auto pool = std::make_unique<ThreadPool>(ThreadPoolOptions{.threads = 1});
  auto results = pool->imap<&square>(numbers_to(3));
  pool->apply_async([go = may_go.result()] { go.get(); }).on_done([&] {
    while (!is_ending) std::this_thread::yield();
    for (int yields = 0; yields < 10'000; ++yields) std::this_thread::yield();
    has_been_told = true;
  });
  may_go.set_value();
  pool->apply<&square>(2);
  is_ending = true;
  pool.reset();
  EXPECT_TRUE(has_been_told);
  EXPECT_EQ(results.next(), 0);
}

TEST_F(ThreadPoolEnds, P31_AForkedProcessCanHaveNone) {
  const ThreadPool pool({.threads = 1});
  EXPECT_EXIT(
      {
        try {
          const ThreadPool another({.threads = 1});
        } catch (const std::logic_error& error) {
          std::fprintf(stderr, "%s\n", error.what());
          ::_exit(7);
        }
        ::_exit(1);
      },
      ::testing::ExitedWithCode(7), "forked");
}

}  // namespace
}  // namespace troupe::test
