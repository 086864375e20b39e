// SPDX-License-Identifier: BSL-1.0
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace troupe::test {
namespace {

TEST(Barrier, LetsAllGoOnWhenTheLastHasCome) {
  run([]() -> awaitable<void> {
    async::Barrier barrier(3);
    for (int round = 0; round < 3; ++round) {
      const auto first = co_await begun(barrier.wait());
      const auto second = co_await begun(barrier.wait());
      EXPECT_EQ(barrier.n_waiting(), 2u);
      EXPECT_EQ(co_await barrier.wait(), 2u);
      EXPECT_EQ(co_await first, 0u);
      EXPECT_EQ(co_await second, 1u);
      EXPECT_EQ(barrier.n_waiting(), 0u);
    }
  }());
}

TEST(Barrier, IsAsIfACancelledOneHadNotCome) {
  run([]() -> awaitable<void> {
    async::Barrier barrier(2);
    const auto first = co_await begun(barrier.wait());
    first.cancel();
    const auto second = co_await started(barrier.wait());
    co_await others_run();
    EXPECT_TRUE(first.cancelled());
    EXPECT_FALSE(second.done());
    EXPECT_EQ(co_await barrier.wait(), 1u);
    EXPECT_EQ(co_await second, 0u);
  }());
}

TEST(Barrier, ThatIsAbortedIsBrokenUntilItIsReset) {
  run([]() -> awaitable<void> {
    async::Barrier barrier(2);
    const auto first = co_await begun(barrier.wait());
    barrier.abort();
    co_await others_run();
    EXPECT_THROW(first.result().get(), BrokenBarrierError);
    co_await text_of<BrokenBarrierError>(
        [](async::Barrier& its_barrier) -> awaitable<void> { co_await its_barrier.wait(); }(barrier));
    EXPECT_TRUE(barrier.broken());
    barrier.reset();
    co_await async::gather(barrier.wait(), barrier.wait());
  }());
}

TEST(Barrier, ThatIsResetBreaksForThoseWhoWait) {
  run([]() -> awaitable<void> {
    async::Barrier barrier(2);
    const auto first = co_await begun(barrier.wait());
    barrier.reset();
    co_await others_run();
    EXPECT_THROW(first.result().get(), BrokenBarrierError);
    EXPECT_FALSE(barrier.broken());
  }());
}

TEST(Barrier, OfNobodyIsAnError) { EXPECT_THROW(async::Barrier(0), std::invalid_argument); }

}  // namespace
}  // namespace troupe::test
