// SPDX-License-Identifier: BSL-1.0
// wait and as_completed.
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::test {
namespace {

using async::ReturnWhen;

struct ThreeResults {
  Promise<int> first, second, third;
  std::vector<AsyncResult<int>> all() const { return {first.result(), second.result(), third.result()}; }
};

TEST(Wait, ReturnsWhenAllAreDone) {
  run([]() -> awaitable<void> {
    ThreeResults results;
    const auto waiting = co_await begun(async::wait(results.all()));
    results.third.set_value(3);
    results.first.set_exception(std::make_exception_ptr(std::runtime_error("no")));
    co_await others_run();
    EXPECT_FALSE(waiting.done());
    results.second.result().cancel();
    const auto& waited = co_await waiting;
    EXPECT_EQ(waited.done, results.all());
    EXPECT_TRUE(waited.pending.empty());
  }());
}

TEST(Wait, ReturnsWhenTheFirstIsDone) {
  run([]() -> awaitable<void> {
    ThreeResults results;
    const auto waiting = co_await begun(async::wait(results.all(), {}, ReturnWhen::first_completed));
    results.second.set_value(2);
    const auto& waited = co_await waiting;
    EXPECT_EQ(waited.done, std::vector{results.second.result()});
    EXPECT_EQ(waited.pending, (std::vector{results.first.result(), results.third.result()}));
  }());
}

TEST(Wait, ReturnsAtTheFirstException) {
  run([]() -> awaitable<void> {
    ThreeResults results;
    const auto waiting = co_await begun(async::wait(results.all(), {}, ReturnWhen::first_exception));
    results.second.set_value(2);
    results.first.result().cancel();
    co_await others_run();
    EXPECT_FALSE(waiting.done());
    results.third.set_exception(std::make_exception_ptr(std::runtime_error("no")));
    EXPECT_EQ((co_await waiting).done.size(), 3u);
  }());
}

TEST(Wait, ReturnsWhenTheTimeIsOverAndCancelsNothing) {
  run([]() -> awaitable<void> {
    ThreeResults results;
    EXPECT_EQ((co_await async::wait(results.all(), 1ms)).pending.size(), 3u);
    EXPECT_EQ((co_await async::wait(results.all(), -1s)).pending.size(), 3u);
    EXPECT_FALSE(results.first.result().cancelled());
    std::vector<async::Task<int>> tasks;
    tasks.push_back(co_await started(give(1)));
    EXPECT_EQ((co_await async::wait(tasks, 1h)).done, tasks);
  }());
}

TEST(Wait, WaitsOnceForWhatIsGivenTwice) {
  run([]() -> awaitable<void> {
    ThreeResults results;
    results.first.set_value(1);
    const std::vector some{results.first.result(), results.second.result(), results.first.result()};
    const auto waited = co_await async::wait(some, 1ms);
    EXPECT_EQ(waited.done, std::vector{results.first.result()});
    EXPECT_EQ(waited.pending, std::vector{results.second.result()});
  }());
}

TEST(Wait, CancelledCancelsNothing) {
  run([]() -> awaitable<void> {
    ThreeResults results;
    const auto waiting = co_await begun(async::wait(results.all()));
    waiting.cancel();
    co_await others_run();
    EXPECT_TRUE(waiting.cancelled());
    EXPECT_FALSE(results.first.result().cancelled());
  }());
}

TEST(Wait, ForNothingIsAnError) { EXPECT_THROW((void)async::wait(std::vector<AsyncResult<int>>()), std::invalid_argument); }

TEST(AsCompleted, GivesEachOnceInTheOrderOfCompletion) {
  run([]() -> awaitable<void> {
    ThreeResults results;
    results.second.set_value(2);
    auto completed = async::as_completed(
        std::vector{results.first.result(), results.second.result(), results.third.result(), results.first.result()});
    std::vector<int> seen;
    seen.push_back((co_await completed.next())->get());
    results.third.set_value(3);
    seen.push_back((co_await completed.next())->get());
    results.first.set_value(1);
    seen.push_back((co_await completed.next())->get());
    EXPECT_EQ(seen, (std::vector{2, 3, 1}));
    EXPECT_FALSE(co_await completed.next());
  }());
}

TEST(AsCompleted, StartsCoroutines) {
  run([]() -> awaitable<void> {
    std::vector<awaitable<int>> coroutines;
    coroutines.push_back(give_later(1));
    coroutines.push_back(give(2));
    auto completed = async::as_completed(std::move(coroutines), 1h);
    EXPECT_EQ((co_await completed.next())->get(), 2);
    EXPECT_EQ((co_await completed.next())->get(), 1);
    EXPECT_FALSE(co_await completed.next());
  }());
}

TEST(AsCompleted, SaysHowManyHaveNotCome) {
  run([]() -> awaitable<void> {
    ThreeResults results;
    results.second.set_value(2);
    auto completed = async::as_completed(results.all(), 1ms);
    EXPECT_TRUE(co_await completed.next());
    EXPECT_EQ(co_await text_of<TimeoutError>(completed.next()), "2 (of 3) futures unfinished");
    EXPECT_FALSE(results.first.result().cancelled());
  }());
}

TEST(Wait, LeavesNothingWithResultsThatItNoLongerWaitsFor) {
  const Promise<int> promise;
  run([](std::vector<AsyncResult<int>> pending) -> awaitable<void> {
    const auto gate = async::detail::gate_of(co_await asio::this_coro::executor);  // each wait that is left holds it, too
    const auto before = gate.use_count();
    for (int round = 0; round < 5; ++round) EXPECT_EQ((co_await async::wait(pending, 1ms)).pending.size(), 1u);
    co_await others_run();
    EXPECT_EQ(gate.use_count(), before);
  }({promise.result()}));
}

}  // namespace
}  // namespace troupe::test
