// SPDX-License-Identifier: BSL-1.0
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <tuple>
#include <variant>
#include <vector>

namespace troupe::test {
namespace {

TEST(Gather, GivesTheValuesInTheOrderOfItsArguments) {
  run([]() -> awaitable<void> {
    Promise<std::string> promise;
    const auto task = co_await started(give(2.5));
    auto setter = co_await started([](Promise<std::string>& its_promise) -> awaitable<void> {
      co_await others_run();
      its_promise.set_value("last");
    }(promise));
    const auto [number, text, half, nothing] = co_await async::gather(give_later(1), promise.result(), task, others_run());
    EXPECT_EQ(number, 1);
    EXPECT_EQ(text, "last");
    EXPECT_EQ(half, 2.5);
    EXPECT_EQ(nothing, std::monostate());
    co_await setter;
  }());
}

TEST(Gather, OfAVectorGivesAVector) {
  run([]() -> awaitable<void> {
    std::vector<awaitable<int>> coroutines;
    for (int i = 0; i < 100; ++i) coroutines.push_back(i % 2 == 0 ? give(i) : give_later(i));
    const auto values = co_await async::gather(std::move(coroutines));
    EXPECT_EQ(values.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
    EXPECT_TRUE((co_await async::gather(std::vector<AsyncResult<int>>())).empty());
    std::vector<awaitable<void>> voids;
    voids.push_back(others_run());
    co_await async::gather(std::move(voids));
  }());
}

TEST(Gather, MovesValuesThatCanOnlyBeMoved) {
  run([]() -> awaitable<void> {
    const auto make = [](int value) -> awaitable<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
    const auto [first, second] = co_await async::gather(make(1), make(2));
    EXPECT_EQ(*first + *second, 3);
  }());
}

TEST(Gather, TakesTheSameResultTwice) {
  run([]() -> awaitable<void> {
    const auto task = co_await started(give_later(5));
    const auto [first, second] = co_await async::gather(task, task);
    EXPECT_EQ(first, 5);
    EXPECT_EQ(second, 5);
  }());
}

TEST(Gather, ThrowsTheFirstErrorAtOnceAndTheOthersGoOn) {
  run([]() -> awaitable<void> {
    const auto endless = co_await begun(never());
    EXPECT_EQ(co_await text_of<std::runtime_error>(async::gather(endless, fail<int>("no"))), "no");
    co_await others_run();
    EXPECT_FALSE(endless.done());
    endless.cancel();
  }());
}

TEST(Gather, OfACancelledOneThrowsAndIsNotCancelledItself) {
  run([]() -> awaitable<void> {
    Promise<int> promise;
    promise.result().cancel();
    co_await text_of<CancelledError>(async::gather(promise.result(), give(1)));
    co_await others_run();
  }());
}

TEST(Gather, CancelledCancelsAllAndWaitsForThem) {
  run([]() -> awaitable<void> {
    Promise<int> promise, running;
    running.set_running();
    const auto endless = co_await begun(never());
    const auto gathering = co_await begun(async::gather(endless, promise.result(), running.result()));
    gathering.cancel();
    co_await others_run();
    EXPECT_TRUE(gathering.cancelled());
    EXPECT_TRUE(endless.cancelled());
    EXPECT_TRUE(promise.result().cancelled());
  }());
}

TEST(GatherSettled, GivesErrorsAndCancellationsToo) {
  run([]() -> awaitable<void> {
    Promise<int> cancelled;
    cancelled.result().cancel();
    const auto [value, error, third] = co_await async::gather_settled(give_later(1), fail<int>("no"), cancelled.result());
    EXPECT_EQ(value.get(), 1);
    EXPECT_THROW(error.get(), std::runtime_error);
    EXPECT_TRUE(third.cancelled());
    std::vector<awaitable<int>> coroutines;
    coroutines.push_back(fail<int>("no"));
    EXPECT_FALSE((co_await async::gather_settled(std::move(coroutines))).front().successful());
  }());
}

}  // namespace
}  // namespace troupe::test
