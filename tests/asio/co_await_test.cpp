// SPDX-License-Identifier: BSL-1.0
// co_await of calls and other results, in any awaitable.
#include "coroutines.hpp"

#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/end_to_end/actors.hpp"
#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

using CoAwait = testing::RuntimeTest;

TEST_F(CoAwait, GivesTheValueOfACall) {
  const auto counter = runtime().spawn<Counter>(10);
  run([](Proxy<Counter> its_counter) -> awaitable<void> {
    EXPECT_EQ(co_await its_counter.call<&Counter::add>(5), 15);
    co_await its_counter.call<&Counter::reset>();
    EXPECT_EQ(co_await its_counter.get<&Counter::value>(), 0);
  }(counter));
}

TEST_F(CoAwait, OfAnLvalueGivesAReference) {
  const auto everything = runtime().spawn<Everything>();
  run([](AsyncResult<std::string> result) -> awaitable<void> {
    decltype(auto) first = co_await result;
    static_assert(std::is_same_v<decltype(first), const std::string&>);
    EXPECT_EQ(first, "text");
    EXPECT_EQ(&co_await std::as_const(result), &first);
    decltype(auto) moved = co_await std::move(result);
    static_assert(std::is_same_v<decltype(moved), std::string>);
    EXPECT_EQ(moved, "text");
  }(everything.call<&Everything::echo>("text")));
}

TEST_F(CoAwait, MovesAValueThatCanOnlyBeMoved) {
  const auto everything = runtime().spawn<Everything>();
  run([](Proxy<Everything> actor) -> awaitable<void> {
    EXPECT_EQ(*co_await actor.call<&Everything::move_only>(5), 5);
    auto result = actor.call<&Everything::move_only>(6);
    EXPECT_EQ(*co_await result, 6);
    EXPECT_EQ(*co_await std::move(result), 6);
  }(everything));
}

class Countdown {
 public:
  Generator<int> from(int number) {
    for (; number > 0; --number) co_yield number;
    throw std::runtime_error("lift-off");
  }
};

TEST_F(CoAwait, GivesTheValuesOfAStream) {
  const auto countdown = runtime().spawn<Countdown>();
  run([](Proxy<Countdown> actor) -> awaitable<void> {
    auto stream = actor.stream<&Countdown::from>(3);
    std::vector<int> values;
    try {
      while (const auto value = co_await stream.async_next()) values.push_back(*value);
      ADD_FAILURE() << "it does not end without a word";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "lift-off");
    }
    EXPECT_EQ(values, (std::vector{3, 2, 1}));
    EXPECT_EQ(co_await stream.async_next(), std::nullopt);
  }(countdown));
}

class WithoutDefault {
 public:
  explicit WithoutDefault(int its_value) : value(its_value) {}
  int value;
};

TEST(CoAwaitPromise, NeedsNoDefaultConstructor) {
  run([]() -> awaitable<void> {
    Promise<WithoutDefault> promise;
    promise.set_value(5);
    EXPECT_EQ((co_await promise.result()).value, 5);
  }());
}

TEST_F(CoAwait, ThrowsWhatTheMethodThrows) {
  const auto thrower = runtime().spawn<Thrower>();
  run([](Proxy<Thrower> actor) -> awaitable<void> {
    EXPECT_EQ(co_await text_of<std::out_of_range>(
                  [](auto its_actor) -> awaitable<void> { co_await its_actor.template call<&Thrower::out_of_range>(); }(actor)),
              "index 5");
  }(thrower));
}

TEST_F(CoAwait, ThrowsActorDiedWhenTheActorIsKilled) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  run([](AsyncResult<void> result, int pid) -> awaitable<void> {
    const auto waiting = co_await begun([](auto its_result) -> awaitable<void> { co_await its_result; }(result));
    EXPECT_FALSE(waiting.done());
    EXPECT_EQ(::kill(pid, SIGKILL), 0);  // an unreaped child's
    co_await text_of<ActorDied>([](auto its_task) -> awaitable<void> { co_await its_task; }(waiting));
  }(held, recorder.pid()));
  EXPECT_EQ(cause_of(held).signal, SIGKILL);
}

TEST_F(CoAwait, DoesNotSuspendForAResultThatIsThere) {
  const auto counter = runtime().spawn<Counter>(1);
  const auto result = counter.call<&Counter::get>();
  result.wait();
  asio::io_context context(1);
  bool is_done = false;
  asio::co_spawn(
      context,
      [&]() -> awaitable<void> {
        bool others_have_run = false;
        asio::post(context, [&] { others_have_run = true; });
        EXPECT_EQ(co_await result, 1);
        EXPECT_FALSE(others_have_run);
        co_await asio::post(asio::use_awaitable);
        is_done = others_have_run;
      },
      asio::detached);
  context.run();
  EXPECT_TRUE(is_done);
}

TEST_F(CoAwait, LetsOthersRunMeanwhile) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  run([](AsyncResult<void> result, Gate& its_gate) -> awaitable<void> {
    const auto other = co_await started([](Gate& a_gate) -> awaitable<void> {
      co_await others_run();
      a_gate.let_go();
    }(its_gate));
    co_await result;
    EXPECT_TRUE(other.done());
  }(held, gate));
}

TEST_F(CoAwait, GoesOnOnItsStrand) {
  const auto counter = runtime().spawn<Counter>(0);
  asio::thread_pool pool(2);
  auto strand = asio::make_strand(pool);
  std::atomic<int> inside = 0, wrong = 0;
  std::vector<std::future<void>> ended;
  for (int i = 0; i < 8; ++i) {
    ended.push_back(asio::co_spawn(
        strand,
        [&]() -> awaitable<void> {
          for (int round = 0; round < 100; ++round) {
            co_await counter.call<&Counter::add>(1);
            if (!strand.running_in_this_thread() || ++inside != 1) ++wrong;
            --inside;
          }
        },
        asio::use_future));
  }
  for (auto& each : ended) each.get();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(counter.call<&Counter::get>().get(), 800);
  pool.join();
}

TEST_F(CoAwait, WorksInAnAwaitableOfAnyExecutor) {
  using Executor = asio::io_context::executor_type;
  const auto counter = runtime().spawn<Counter>(3);
  asio::io_context context(1);
  auto future = asio::co_spawn(
      context, [&]() -> asio::awaitable<int, Executor> { co_return co_await counter.call<&Counter::get>(); }, asio::use_future);
  context.run();
  EXPECT_EQ(future.get(), 3);
}

TEST_F(CoAwait, OfManyCallsAtOnce) {
  const auto counter = runtime().spawn<Counter>(0);
  run([](Proxy<Counter> its_counter) -> awaitable<void> {
    std::vector<AsyncResult<int>> calls;
    for (int i = 0; i < 2000; ++i) calls.push_back(its_counter.call<&Counter::add>(1));
    const auto values = co_await async::gather(std::move(calls));
    for (int i = 0; i < 2000; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i + 1);
  }(counter));
}

TEST_F(CoAwait, IsNotHeldUpByACallbackOfTheSameResult) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  std::promise<void> reached, going_on;
  const auto result = recorder.call<&Recorder::hold>(gate.path());
  result.on_done([&reached, go_on = going_on.get_future().share()] {
    reached.set_value();
    go_on.get();
  });
  gate.open();
  reached.get_future().get();
  run([](AsyncResult<void> its_result) -> awaitable<void> { co_await its_result; }(result));
  going_on.set_value();
  result.wait();
}

TEST_F(CoAwait, OfAnEmptyHandleThrows) {
  EXPECT_THROW(run([]() -> awaitable<int> { co_return co_await AsyncResult<int>(); }()), InvalidState);
}

// What on_done callbacks, which hold no handle until their turn, see of a value that somebody else moves out: one of them runs,
// in another thread, when take(result) begins, and another one looks afterwards. Gives what take() gives and what that one saw.
template <class T, class Take>
std::pair<T, bool> taken_beside_callbacks(T value, Take take) {
  async::detail::Completion<T> completion;
  auto result = completion.take_result();
  std::promise<void> reached, going_on;
  bool is_intact = false;
  result.on_done([&, go_on = going_on.get_future().share()] {
    reached.set_value();
    go_on.wait_for(100ms);  // not for ever: what can only be moved waits for this
  });
  result.on_done([&](const AsyncResult<T>& done) { is_intact = done.get() != T(); });
  std::thread completing([&] { completion.set_value(std::move(value)); });
  reached.get_future().get();
  T taken = take(std::move(result));
  going_on.set_value();
  completing.join();
  return {std::move(taken), is_intact};
}

const std::string kLongText(100, 'x');

TEST(CoAwaitPromise, LeavesTheValueToCallbacksThatHaveNotSeenIt) {
  const auto take = [](auto result) {
    return run([](auto its_result) -> awaitable<typename decltype(its_result)::value_type> {
      co_return co_await std::move(its_result);
    }(std::move(result)));
  };
  EXPECT_EQ(taken_beside_callbacks(kLongText, take), std::pair(kLongText, true));
  const auto [taken, is_intact] = taken_beside_callbacks(std::make_unique<int>(5), take);
  EXPECT_EQ(*taken, 5);
  EXPECT_TRUE(is_intact);
}

TEST(CoAwaitPromise, LeavesTheValueToCallbacksInAsyncWaitAndTheOthersToo) {
  const auto waiting = [](auto result) {
    asio::io_context context(1);
    auto future = std::move(result).async_wait(asio::bind_executor(context, asio::use_future));
    context.run();
    return future.get();
  };
  EXPECT_EQ(taken_beside_callbacks(kLongText, waiting), std::pair(kLongText, true));
  const auto shielding = [](auto result) { return run(async::shield(std::move(result))); };
  EXPECT_EQ(taken_beside_callbacks(kLongText, shielding), std::pair(kLongText, true));
}

TEST(CoAwaitPromise, GoesOnWhenAllCallbacksHaveSeenTheValue) {
  async::detail::Completion<std::string> completion;
  auto result = completion.take_result();
  asio::io_context context(1);
  std::string seen;
  AsyncResult<std::string> other = result;
  auto future = asio::co_spawn(
      context,
      [](AsyncResult<std::string> its_result) -> awaitable<std::string> {
        co_return co_await std::move(its_result);
      }(std::move(result)),
      asio::use_future);
  context.poll();
  other.on_done([&] { context.poll(); });
  other.on_done([&](const AsyncResult<std::string>& done) { seen = done.get(); });
  other = {};
  completion.set_value(kLongText);
  context.run();
  EXPECT_EQ(future.get(), kLongText);
  EXPECT_EQ(seen, kLongText);
}

}  // namespace
}  // namespace troupe::test
