// SPDX-License-Identifier: BSL-1.0
#include "client/send_lock.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace troupe::client {
namespace {

// `threads` add to one plain number; who holds the lock lets the others run, so that they come to sleep on it.
int count_together(int threads, int rounds, bool lets_others_run) {
  SendLock lock;
  int count = 0;
  {
    std::vector<std::jthread> counters;
    for (int i = 0; i < threads; ++i) {
      counters.emplace_back([&] {
        for (int round = 0; round < rounds; ++round) {
          const std::lock_guard guard(lock);
          const int seen = count;
          if (lets_others_run) std::this_thread::yield();
          count = seen + 1;
        }
      });
    }
  }
  return count;
}

TEST(SendLock, IsHeldByOneThreadAtATime) { EXPECT_EQ(count_together(4, 20'000, false), 80'000); }

TEST(SendLock, WakesWhoSleepsOnIt) { EXPECT_EQ(count_together(4, 2'000, true), 8'000); }

TEST(SendLock, IsNotWaitedForByTryLock) {
  SendLock lock;
  EXPECT_TRUE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

}  // namespace
}  // namespace troupe::client
