// SPDX-License-Identifier: BSL-1.0
// wait_for and shield.
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <tuple>

namespace troupe::test {
namespace {

awaitable<void> minding_nothing(bool& has_ended) {
  co_await asio::this_coro::throw_if_cancelled(false);
  try {
    co_await never();
  } catch (const std::exception&) {  // cancelled
  }
  co_await others_run();
  has_ended = true;
}

awaitable<int> answer_when_cancelled() {
  bool has_ended = false;
  co_await minding_nothing(has_ended);
  co_return 5;
}

awaitable<int> fail_when_cancelled() {
  bool has_ended = false;
  co_await minding_nothing(has_ended);
  throw std::out_of_range("in the end");
}

TEST(WaitFor, GivesWhatComesInTime) {
  run([]() -> awaitable<void> {
    EXPECT_EQ(co_await async::wait_for(give_later(5), 1h), 5);
    EXPECT_EQ(co_await async::wait_for(give_later(5), {}), 5);
    Promise<int> promise;
    promise.set_value(6);
    EXPECT_EQ(co_await async::wait_for(promise.result(), 0s), 6);
    EXPECT_EQ(co_await text_of<std::runtime_error>(async::wait_for(fail<int>("no"), 1h)), "no");
  }());
}

TEST(WaitFor, CancelsAndWaitsForTheEndWhenTheTimeIsOver) {
  run([]() -> awaitable<void> {
    bool has_ended = false;
    const auto inner = co_await begun([](bool& ended) -> awaitable<void> {
      co_await minding_nothing(ended);
      throw CancelledError();
    }(has_ended));
    co_await text_of<TimeoutError>(async::wait_for(inner, 1ms));
    EXPECT_TRUE(has_ended);
  }());
}

TEST(WaitFor, GivesTheValueOrErrorOfOneThatMindsNoCancellation) {
  run([]() -> awaitable<void> {
    const auto answering = co_await begun(answer_when_cancelled());
    EXPECT_EQ(co_await async::wait_for(answering, 1ms), 5);
    const auto failing = co_await begun(fail_when_cancelled());
    EXPECT_EQ(co_await text_of<std::out_of_range>(async::wait_for(failing, 1ms)), "in the end");
  }());
}

TEST(WaitFor, NothingDoesNotStartACoroutine) {
  run([]() -> awaitable<void> {
    bool has_begun = false;
    const auto body = [](bool& begun) -> awaitable<void> {
      begun = true;
      co_return;
    };
    co_await text_of<TimeoutError>(async::wait_for(body(has_begun), 0s));
    co_await text_of<TimeoutError>(async::wait_for(body(has_begun), -1s));
    EXPECT_FALSE(has_begun);
  }());
}

TEST(WaitFor, CancelsAResult) {
  run([]() -> awaitable<void> {
    Promise<int> promise;
    co_await text_of<TimeoutError>(async::wait_for(promise.result(), 1ms));
    EXPECT_TRUE(promise.result().cancelled());
  }());
}

TEST(WaitFor, DoesNotWaitForAResultThatRunsOn) {
  run([]() -> awaitable<void> {
    Promise<int> promise;
    promise.set_running();
    co_await text_of<TimeoutError>(async::wait_for(promise.result(), 1ms));
    promise.set_value(5);
    EXPECT_EQ(co_await promise.result(), 5);
  }());
}

TEST(WaitFor, CancelledFromOutsideCancelsAndWaits) {
  run([]() -> awaitable<void> {
    const auto inner = co_await begun(never());
    const auto outer = co_await begun(async::wait_for(inner, 1h));
    outer.cancel();
    co_await others_run();
    EXPECT_TRUE(inner.cancelled());
    EXPECT_TRUE(outer.cancelled());
  }());
}

TEST(WaitFor, DoesNotLoseAValueToACancellation) {
  run([]() -> awaitable<void> {
    const auto outer = co_await begun(async::wait_for(answer_when_cancelled(), 1h));
    outer.cancel();
    EXPECT_EQ(co_await outer, 5);
  }());
}

TEST(Shield, KeepsACancellationFromWhatItWaitsFor) {
  run([]() -> awaitable<void> {
    const auto inner = co_await begun(never());
    const auto outer = co_await begun(async::shield(inner));
    outer.cancel();
    co_await others_run();
    EXPECT_TRUE(outer.cancelled());
    EXPECT_FALSE(inner.done());
    inner.cancel();
  }());
}

TEST(Shield, KeepsACancellationFromAResult) {
  run([]() -> awaitable<void> {
    Promise<int> promise;
    const auto outer = co_await begun(async::shield(promise.result()));
    outer.cancel();
    co_await others_run();
    EXPECT_TRUE(outer.cancelled());
    promise.set_value(5);
    EXPECT_EQ(co_await promise.result(), 5);
  }());
}

TEST(Shield, EndsAsWhatItWaitsFor) {
  run([]() -> awaitable<void> {
    EXPECT_EQ(co_await async::shield(give_later(5)), 5);
    EXPECT_EQ(co_await text_of<std::runtime_error>(async::shield(fail<int>("no"))), "no");
    const auto inner = co_await begun(never());
    const auto outer = co_await begun(async::shield(inner));
    inner.cancel();
    co_await others_run();
    EXPECT_TRUE(outer.cancelled());
  }());
}

TEST(WaitFor, GivesAValueThatCanOnlyBeMoved) {
  run([]() -> awaitable<void> {
    EXPECT_EQ(*co_await async::wait_for(give_later(std::make_unique<int>(5)), 1h), 5);
    async::detail::Completion<std::unique_ptr<int>> completion;
    completion.set_value(std::make_unique<int>(6));
    EXPECT_EQ(*co_await async::wait_for(completion.take_result(), 1h), 6);
    EXPECT_EQ(*co_await async::shield(give_later(std::make_unique<int>(7))), 7);
    EXPECT_EQ(*std::get<0>(co_await async::gather(give_later(std::make_unique<int>(8)))), 8);
  }());
}

TEST(WaitFor, LeavesNothingWithAResultThatItNoLongerWaitsFor) {
  const Promise<int> promise;
  run([](AsyncResult<int> pending) -> awaitable<void> {
    const auto gate = async::detail::gate_of(co_await asio::this_coro::executor);  // each wait that is left holds it, too
    const auto before = gate.use_count();
    for (int round = 0; round < 5; ++round) co_await text_of<TimeoutError>(async::wait_for(async::shield(pending), 1ms));
    co_await others_run();
    EXPECT_EQ(gate.use_count(), before);
  }(promise.result()));
}

}  // namespace
}  // namespace troupe::test
