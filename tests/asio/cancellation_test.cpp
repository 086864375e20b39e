// SPDX-License-Identifier: BSL-1.0
// Cancellations that come through Asio reach the calls.
#include "coroutines.hpp"

#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include <array>

#include "tests/end_to_end/actors.hpp"
#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

using asio::experimental::awaitable_operators::operator||;

// An actor that is busy until its gate opens: what is sent to it meanwhile does not start.
class Cancellation : public testing::RuntimeTest {
 protected:
  void occupy() {
    held_ = actor_.call<&Recorder::hold>(gate_.path());
    gate_.wait_reached();
  }
  void release() {
    gate_.let_go();
    held_.get();
  }
  void TearDown() override {
    gate_.let_go();
    held_ = {};
    actor_ = {};
    RuntimeTest::TearDown();
  }

  Gate gate_;
  Proxy<Recorder> actor_ = runtime().spawn<Recorder>();
  AsyncResult<void> held_;
};

awaitable<void> soon() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
}

TEST_F(Cancellation, OfTheLoserOfAnOrReachesTheCall) {
  occupy();
  const auto late = actor_.call<&Recorder::note>(1);
  const auto winner = run([](AsyncResult<int> result) -> awaitable<std::size_t> {
    const auto either = co_await (result.async_wait(asio::use_awaitable) || soon());
    co_return either.index();
  }(late));
  EXPECT_EQ(winner, 1u);
  EXPECT_TRUE(has_failed_with<CancelledError>(late));
  release();
  EXPECT_TRUE(actor_.call<&Recorder::seen>().get().empty());
}

TEST_F(Cancellation, OfAParallelGroupReachesTheCall) {
  occupy();
  const auto late = actor_.call<&Recorder::note>(1);
  run([](AsyncResult<int> result) -> awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, 1ms);
    const auto [order, timer_error, error, value] =
        co_await asio::experimental::make_parallel_group(timer.async_wait(asio::deferred),
                                                         result.async_wait(asio::bind_executor(executor, asio::deferred)))
            .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    EXPECT_EQ(order, (std::array<std::size_t, 2>{0, 1}));
    EXPECT_FALSE(timer_error);
    EXPECT_THROW(std::rethrow_exception(error), CancelledError);
    EXPECT_EQ(value, 0);
  }(late));
  EXPECT_TRUE(has_failed_with<CancelledError>(late));
}

TEST_F(Cancellation, OfACallThatRunsEndsTheWaitAlone) {
  occupy();
  const auto outcome = run([](AsyncResult<void> result) -> awaitable<std::size_t> {
    co_return (co_await (result.async_wait(asio::use_awaitable) || soon())).index();
  }(held_));
  EXPECT_EQ(outcome, 1u);
  EXPECT_FALSE(held_.ready());
  release();
}

TEST_F(Cancellation, OfATimeoutReachesTheCall) {
  occupy();
  run([](Proxy<Recorder> actor) -> awaitable<void> {
    const auto late = actor.call<&Recorder::note>(1);
    co_await text_of<TimeoutError>(async::wait_for(late, 1ms));
    EXPECT_TRUE(has_failed_with<CancelledError>(late));
  }(actor_));
  release();
  EXPECT_TRUE(actor_.call<&Recorder::seen>().get().empty());
}

TEST_F(Cancellation, OfAWaitForAKilledActorIsItsDeath) {
  occupy();
  run([](Proxy<Recorder> actor, AsyncResult<void> held) -> awaitable<void> {
    const auto waiting = co_await begun(async::wait_for(held, 1h));
    actor.kill();
    co_await text_of<ActorDied>([](auto task) -> awaitable<void> { co_await task; }(waiting));
  }(actor_, held_));
}

// Cancellations meet answers in all ways; each wait ends, and no result is left without an outcome.
TEST_F(Cancellation, RacesWithAnswers) {
  run([](Proxy<Recorder> actor) -> awaitable<void> {
    for (int i = 0; i < 300; ++i) {
      const auto result = actor.call<&Recorder::note>(i);
      const auto task = co_await started([](auto its_result) -> awaitable<int> { co_return co_await its_result; }(result));
      for (int turn = 0; turn < i % 7; ++turn) co_await asio::post(asio::use_awaitable);
      task.cancel();
      co_await async::gather_settled(task, result);
      EXPECT_TRUE(task.cancelled() || task.result().get() == i);
    }
  }(actor_));
}

// The context goes while answers come: who waited there is gone, and nobody posts to it.
TEST_F(Cancellation, ByTheEndOfTheContext) {
  for (int round = 0; round < 100; ++round) {
    AsyncResult<int> result;
    {
      asio::io_context context(1);
      result = actor_.call<&Recorder::note>(round);
      asio::co_spawn(
          context, [result]() -> awaitable<void> { co_await result; }, asio::use_future);
      for (int turn = 0; turn < round % 5; ++turn) context.poll_one();
    }
    EXPECT_EQ(result.get(), round);
  }
}

}  // namespace
}  // namespace troupe::test
