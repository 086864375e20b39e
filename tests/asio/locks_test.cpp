// SPDX-License-Identifier: BSL-1.0
// Lock, Semaphore, Event.
#include "coroutines.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace troupe::test {
namespace {

template <class L>
awaitable<void> note_held(L& lock, std::vector<int>& order, int number) {
  const auto held = co_await lock.held();
  order.push_back(number);
  co_await others_run();
}

TEST(Lock, IsHandedOverInTheOrderOfAsking) {
  run([]() -> awaitable<void> {
    async::Lock lock;
    std::vector<int> order;
    co_await async::gather(note_held(lock, order, 1), note_held(lock, order, 2), note_held(lock, order, 3));
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
    EXPECT_FALSE(lock.locked());
  }());
}

TEST(Lock, ThatIsHandedOverCannotBeTakenByWhoComesFirst) {
  run([]() -> awaitable<void> {
    async::Lock lock;
    std::vector<int> order;
    co_await lock.acquire();
    const auto waiting = co_await begun(note_held(lock, order, 1));
    lock.release();
    EXPECT_TRUE(lock.locked());
    co_await note_held(lock, order, 2);
    EXPECT_EQ(order, (std::vector{1, 2}));
    co_await waiting;
  }());
}

TEST(Lock, PassesOverACancelledWaiter) {
  run([]() -> awaitable<void> {
    async::Lock lock;
    std::vector<int> order;
    co_await lock.acquire();
    const auto first = co_await begun(note_held(lock, order, 1));
    const auto second = co_await begun(note_held(lock, order, 2));
    first.cancel();
    lock.release();  // before the cancelled one has run
    co_await second;
    EXPECT_EQ(order, std::vector{2});
    EXPECT_TRUE(first.cancelled());
    EXPECT_FALSE(lock.locked());
  }());
}

TEST(Lock, OfOneThatIsCancelledWhenItHasJustGotItIsReleased) {
  run([]() -> awaitable<void> {
    async::Lock lock;
    std::vector<int> order;
    co_await lock.acquire();
    const auto first = co_await begun(note_held(lock, order, 1));
    const auto second = co_await begun(note_held(lock, order, 2));
    lock.release();
    first.cancel();
    co_await second;
    EXPECT_EQ(order.back(), 2);
    EXPECT_FALSE(lock.locked());
  }());
}

TEST(Lock, MayBeWaitedForForSomeTime) {
  run([]() -> awaitable<void> {
    async::Lock lock;
    co_await lock.acquire();
    co_await text_of<TimeoutError>(async::wait_for(lock.acquire(), 1ms));
    lock.release();
    EXPECT_FALSE(lock.locked());
    co_await async::wait_for(lock.acquire(), 1h);
    EXPECT_TRUE(lock.locked());
  }());
}

TEST(Lock, ThatNobodyHoldsCannotBeReleased) {
  async::Lock lock;
  EXPECT_THROW(lock.release(), LockStateError);
}

TEST(Lock, MayGoBeforeItsContextDoes) {
  asio::io_context context;
  async::Lock lock;
  asio::co_spawn(context, lock.acquire(), asio::use_future);
  asio::co_spawn(context, lock.acquire(), asio::use_future);
  context.poll();
  EXPECT_TRUE(lock.locked());
}

TEST(Semaphore, LetsSoManyIn) {
  run([]() -> awaitable<void> {
    async::Semaphore semaphore(2);
    std::vector<int> order;
    const auto first = co_await started(note_held(semaphore, order, 1));
    const auto second = co_await started(note_held(semaphore, order, 2));
    const auto third = co_await started(note_held(semaphore, order, 3));
    for (int i = 0; i < 5; ++i) co_await asio::post(asio::use_awaitable);
    EXPECT_EQ(order, (std::vector{1, 2}));
    EXPECT_TRUE(semaphore.locked());
    co_await third;
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
    co_await async::gather(first, second);
    EXPECT_FALSE(semaphore.locked());
  }());
}

TEST(Semaphore, PassesOverACancelledWaiter) {
  run([]() -> awaitable<void> {
    async::Semaphore semaphore(0);
    const auto first = co_await begun(semaphore.acquire());
    const auto second = co_await begun(semaphore.acquire());
    first.cancel();
    semaphore.release();
    co_await second;
    EXPECT_TRUE(first.cancelled());
    semaphore.release();
    EXPECT_FALSE(semaphore.locked());
  }());
}

TEST(Semaphore, BoundedMindsTooManyReleases) {
  run([]() -> awaitable<void> {
    async::BoundedSemaphore semaphore(1);
    EXPECT_THROW(semaphore.release(), LockStateError);
    co_await semaphore.acquire();
    semaphore.release();
    EXPECT_THROW(semaphore.release(), LockStateError);
  }());
}

TEST(Event, LetsAllGoOnThatWait) {
  run([]() -> awaitable<void> {
    async::Event event;
    const auto first = co_await begun(event.wait());
    const auto second = co_await begun(event.wait());
    event.set();
    event.clear();
    const auto third = co_await begun(event.wait());
    co_await async::gather(first, second);
    EXPECT_FALSE(third.done());
    EXPECT_FALSE(event.is_set());
    event.set();
    co_await third;
    co_await event.wait();
  }());
}

TEST(Event, ForgetsACancelledWaiter) {
  run([]() -> awaitable<void> {
    async::Event event;
    const auto first = co_await begun(event.wait());
    first.cancel();
    event.set();
    co_await others_run();
    EXPECT_TRUE(first.cancelled());
  }());
}

}  // namespace
}  // namespace troupe::test
