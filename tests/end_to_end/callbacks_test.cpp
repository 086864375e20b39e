// SPDX-License-Identifier: BSL-1.0
// Callbacks may do anything, and nothing that they do makes anybody wait for ever.
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "actors.hpp"

namespace troupe::test {
namespace {

using Callbacks = testing::RuntimeTest;

TEST_F(Callbacks, OfASpawnMaySpawnAndCall) {
  std::promise<int> seen;
  runtime().spawn_async<Counter>(1).on_done([&](const AsyncResult<Proxy<Counter>>& first) {
    const auto second = runtime().spawn<Counter>(first.get().call<&Counter::add>(1).get());
    seen.set_value(second.call<&Counter::add>(1).get());
  });
  EXPECT_EQ(seen.get_future().get(), 3);
}

TEST_F(Callbacks, MayWaitForAResultThatHasCallbacksOfItsOwn) {
  const auto counter = runtime().spawn<Counter>(0);
  for (int round = 0; round < 100; ++round) {
    std::promise<std::string> seen;
    std::string order;
    const auto first = counter.call<&Counter::add>(1);
    const auto second = counter.call<&Counter::add>(1);
    second.on_done([&] { order += "second "; });
    first.on_done([&] {
      order += "first ";
      second.wait();
      order += "waited";
      seen.set_value(order);
    });
    const std::string order_seen = seen.get_future().get();
    EXPECT_TRUE(order_seen == "first second waited" || order_seen == "second first waited") << order_seen;
  }
}

TEST_F(Callbacks, MayLookUntilAResultWithCallbacksIsReady) {
  const auto counter = runtime().spawn<Counter>(0);
  std::promise<void> done;
  const auto first = counter.call<&Counter::add>(1);
  const auto second = counter.call<&Counter::add>(1);
  second.on_done([] {});
  first.on_done([&] {
    while (!second.ready()) std::this_thread::yield();
    done.set_value();
  });
  done.get_future().get();
}

TEST_F(Callbacks, MayAddCallbacksToOtherResults) {
  const auto counter = runtime().spawn<Counter>(0);
  std::promise<int> seen;
  const auto second = counter.call<&Counter::add>(1);
  second.on_done([] {});
  counter.call<&Counter::add>(1).on_done(
      [&] { second.on_done([&](const AsyncResult<int>& result) { seen.set_value(result.get()); }); });
  EXPECT_EQ(seen.get_future().get(), 1);
}

TEST_F(Callbacks, OfEventsMayHoldTheLastProxyOfAnActor) {
  runtime().on_event([counter = runtime().spawn<Counter>(0)](const RuntimeEvent&) {});
}

// Threads that read for each other, and the loop that reads for callbacks, hand the reading over all the time.
TEST_F(Callbacks, AllRunWhileOtherThreadsReadTheSameChannel) {
  constexpr int kThreads = 4, kRounds = 500;
  const auto counter = runtime().spawn<Counter>(0);
  std::latch all_called(kThreads * kRounds);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          counter.call<&Counter::add>(1).on_done([&] { all_called.count_down(); });
          if (round % 3 == 0) counter.call<&Counter::get>().get();
        }
      });
    }
  }
  all_called.wait();
  EXPECT_EQ(counter.call<&Counter::get>().get(), kThreads * kRounds);
}

TEST_F(Callbacks, WithDeadlinesKeepNothingOnceTheResultHasCome) {
  auto maker = runtime().spawn<Counter>(0);
  std::promise<void> done;
  maker.with({.deadline = std::chrono::hours(1)}).call<&Counter::add>(1).on_done([&] { done.set_value(); });
  done.get_future().get();
  EXPECT_EQ(maker.call<&Counter::get>().get(), 1);
}

TEST_F(Callbacks, OfASpawnThatCannotBeSentRunOnce) {
  std::atomic<int> calls = 0;
  const auto spawned = runtime().spawn_async<Counter>(SpawnOptions{.environment = {{"TOO_LARGE", std::string(200'000, 'x')}}}, 1);
  spawned.on_done([&] { ++calls; });
  EXPECT_NE(spawned.exception(), nullptr);
  EXPECT_EQ(calls, 1);
}

class Forker {
 public:
  // In the child this returns, too.
  int fork_and_return() { return ::fork() == 0 ? 0 : 1; }
};

TEST_F(Callbacks, AMethodThatForksIsAnsweredByTheParentAlone) {
  const auto forker = runtime().spawn<Forker>();
  for (int round = 0; round < 50; ++round) EXPECT_EQ(forker.call<&Forker::fork_and_return>().get(), 1);
}

}  // namespace
}  // namespace troupe::test
