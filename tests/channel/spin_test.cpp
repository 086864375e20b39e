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
  static void yield() noexcept {
    ++yields;
    now += per_yield;
  }

  inline static std::uint64_t now, per_read, pauses, yields, per_yield;
};

constexpr std::uint64_t kMicrosecond = 100;
constexpr std::uint32_t kHere = 0, kElsewhere = 1;

class Spin : public ::testing::Test {
 protected:
  using Policy = BasicSpinPolicy<StillMachine>;

  Spin() {
    StillMachine::now = StillMachine::pauses = StillMachine::yields = StillMachine::per_yield = 0;
    StillMachine::per_read = kMicrosecond / 2;
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
  Policy disabled(false);
  for (const std::uint32_t processor : {kHere, kElsewhere}) {
    EXPECT_FALSE(disabled.spin_until([] { return true; }, processor));
    disabled.slept(0);
    EXPECT_FALSE(disabled.spin_until([] { return true; }, processor));
  }
  EXPECT_EQ(StillMachine::pauses + StillMachine::yields, 0u);
}

TEST_F(Spin, DoesNotYieldForAQuickAnswer) {
  EXPECT_TRUE(succeed_after(20));
  EXPECT_EQ(StillMachine::yields, 0u);
}

TEST_F(Spin, LetsOthersRunWhenTheAnswerTakesLong) {
  EXPECT_TRUE(policy.spin_until([] { return StillMachine::yields == 3; }, kElsewhere));
  EXPECT_GT(StillMachine::pauses, 0u);
}

TEST_F(Spin, YieldsAtOnceToAPeerOnItsOwnProcessor) {
  StillMachine::per_yield = 3 * kMicrosecond;
  EXPECT_TRUE(policy.spin_until([] { return StillMachine::yields == 3; }, kHere));
  EXPECT_EQ(StillMachine::pauses, 0u);
}

TEST_F(Spin, GivesUpSoonWhenThePeerOnItsOwnProcessorDoesNotRun) {
  EXPECT_FALSE(policy.spin_until([] { return false; }, kHere));
  EXPECT_EQ(StillMachine::yields, 2u);
  EXPECT_FALSE(policy.spin_until([] { return false; }, kHere));
  EXPECT_EQ(StillMachine::yields, 2u);  // and sleeps at once the next time
}

TEST_F(Spin, LooksForAShorterTimeWhereOthersWantTheProcessor) {
  EXPECT_FALSE(policy.spin_until([] { return false; }, kElsewhere));
  const std::uint64_t looks_alone = StillMachine::pauses / StillMachine::yields;
  SetUp();
  StillMachine::now = StillMachine::pauses = StillMachine::yields = 0;
  StillMachine::per_yield = 3 * kMicrosecond;
  while (StillMachine::yields < 2) policy.spin_until([] { return StillMachine::yields == 2; }, kElsewhere);
  policy.spin_until([before = StillMachine::pauses] { return StillMachine::pauses > before + 1000; }, kElsewhere);
  EXPECT_LT(StillMachine::pauses / StillMachine::yields, looks_alone);
}

TEST_F(Spin, GivesUpWhenWhoRanMeanwhileDoesNotYieldInTurn) {
  StillMachine::per_yield = 2 * Policy::kVeryLongMicroseconds * kMicrosecond;
  EXPECT_EQ(spins_in_vain(1), 1);
  EXPECT_EQ(StillMachine::yields, 1u);
  EXPECT_EQ(spins_in_vain(1), 0);
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
