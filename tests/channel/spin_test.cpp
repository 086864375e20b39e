// SPDX-License-Identifier: BSL-1.0
#include "channel/spin.hpp"

#include <gtest/gtest.h>

namespace troupe::channel {
namespace {

// A machine on which time passes only where a test says so.
struct StillMachine {
  static std::uint64_t ticks() noexcept { return now += per_read; }
  static std::uint64_t ticks_per_microsecond() noexcept { return 100; }
  static std::uint32_t current_processor() noexcept { return 0; }
  static void pause() noexcept { ++pauses; }

  inline static std::uint64_t now, per_read, pauses;
};

constexpr std::uint64_t kMicrosecond = 100;
constexpr std::uint32_t kHere = 0, kElsewhere = 1;

class Spin : public ::testing::Test {
 protected:
  using Policy = BasicSpinPolicy<StillMachine>;

  Spin() {
    StillMachine::now = StillMachine::pauses = 0;
    StillMachine::per_read = kMicrosecond;
  }

  // How many of `waits` in vain were spun through.
  int spins_in_vain(int waits) {
    int spins = 0;
    for (; waits > 0; --waits) {
      const std::uint64_t before = StillMachine::pauses;
      EXPECT_FALSE(policy.spin_until([] { return false; }, kElsewhere));
      spins += StillMachine::pauses != before ? 1 : 0;
    }
    return spins;
  }

  bool succeed_after(int looks) {
    return policy.spin_until([&] { return looks-- == 0; }, kElsewhere);
  }

  Policy policy{true};
};

TEST_F(Spin, WatchesUntilThereIsSomething) {
  EXPECT_TRUE(succeed_after(20));
  EXPECT_EQ(StillMachine::pauses, 20u);
}

TEST_F(Spin, GivesUpWhenSleepingWouldHaveCostLess) {
  EXPECT_EQ(spins_in_vain(1), 1);
  EXPECT_GE(StillMachine::now, Policy::kLimitMicroseconds * kMicrosecond);
  EXPECT_LE(StillMachine::now, 2 * Policy::kLimitMicroseconds * kMicrosecond);
}

TEST_F(Spin, DoesNotWatchWhenSwitchedOff) {
  policy = Policy(false);
  EXPECT_EQ(spins_in_vain(10), 0);
  policy.slept(0);
  EXPECT_EQ(spins_in_vain(10), 0);
}

TEST_F(Spin, DoesNotWatchForAPeerOnItsOwnProcessor) {
  EXPECT_FALSE(policy.spin_until([] { return true; }, kHere));
  EXPECT_EQ(StillMachine::pauses, 0u);
}

TEST_F(Spin, WatchesLessOftenTheMoreItFails) {
  const int early = spins_in_vain(20);
  spins_in_vain(1000);
  const int late = spins_in_vain(200);
  EXPECT_LE(early, 5);
  EXPECT_GE(late, 1);  // it goes on probing
  EXPECT_LE(late, 200 >> (Policy::kMostSkipsLog2 - 1));
}

TEST_F(Spin, WatchesEachTimeAgainWhenAProbeSucceeded) {
  spins_in_vain(1000);
  while (!succeed_after(3)) {
  }
  EXPECT_TRUE(succeed_after(3));
  EXPECT_EQ(spins_in_vain(1), 1);
}

TEST_F(Spin, StopsAtOnceWhenSomebodyElseWasRunning) {
  StillMachine::per_read = (Policy::kGapMicroseconds + 1) * kMicrosecond;
  EXPECT_EQ(spins_in_vain(1), 1);
  EXPECT_LE(StillMachine::pauses, 10u);
  EXPECT_EQ(spins_in_vain(1), 0);
}

TEST_F(Spin, WatchesAgainAfterAShortSleep) {
  spins_in_vain(1000);
  policy.slept(5 * kMicrosecond);
  EXPECT_EQ(spins_in_vain(1), 1);
}

TEST_F(Spin, LearnsNothingFromALongSleep) {
  StillMachine::now = 0;
  EXPECT_EQ(spins_in_vain(1), 1);
  policy.slept(1000 * kMicrosecond);
  EXPECT_EQ(spins_in_vain(1), 0);
}

}  // namespace
}  // namespace troupe::channel
