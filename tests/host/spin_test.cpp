// SPDX-License-Identifier: BSL-1.0
#include "channel/spin.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace troupe::channel {
namespace {

// A machine whose clock moves when the test says so.
struct FakeMachine {
  static inline std::uint64_t now = 0;
  static inline std::uint64_t pause_ticks = 0;
  static inline std::uint32_t processor = 0;

  static std::uint64_t ticks() noexcept { return now; }
  static std::uint64_t ticks_per_microsecond() noexcept { return 1000; }
  static std::uint32_t current_processor() noexcept { return processor; }
  static void pause() noexcept { now += pause_ticks; }
};

using Policy = BasicSpinPolicy<FakeMachine>;
constexpr std::uint32_t kPeer = 1;

class Spin : public testing::Test {
 protected:
  Spin() {
    FakeMachine::now = 0;
    FakeMachine::pause_ticks = 50;
    FakeMachine::processor = 0;
  }

  // One wait; returns how often it looked.
  int looks(Policy& policy, int ready_after = INT32_MAX) {
    int count = 0;
    policy.spin_until([&] { return ++count > ready_after; }, kPeer);
    return count;
  }
  // How many of the next waits spin, when none of them meets anything.
  int spins_of(Policy& policy, int waits) {
    int spins = 0;
    for (int i = 0; i < waits; ++i) spins += looks(policy) != 0 ? 1 : 0;
    return spins;
  }
};

TEST_F(Spin, EndsAsSoonAsThereIsSomething) {
  Policy policy(true);
  EXPECT_TRUE(policy.spin_until([] { return true; }, kPeer));
  EXPECT_EQ(looks(policy, 100), 101);
}

TEST_F(Spin, EndsAtItsLimit) {
  Policy policy(true);
  EXPECT_FALSE(policy.spin_until([] { return false; }, kPeer));
  EXPECT_GE(FakeMachine::now, Policy::kLimitMicroseconds * 1000);
  EXPECT_LT(FakeMachine::now, (Policy::kLimitMicroseconds + 2) * 1000);
}

TEST_F(Spin, NeverWhenItIsDisabled) {
  Policy policy(false);
  EXPECT_EQ(looks(policy), 0);
  policy.slept(0);
  EXPECT_EQ(looks(policy), 0);
}

TEST_F(Spin, NeverOnThePeersOwnProcessor) {
  Policy policy(true);
  FakeMachine::processor = kPeer;
  EXPECT_EQ(looks(policy), 0);
}

TEST_F(Spin, BacksOffWhenItFails) {
  Policy policy(true);
  EXPECT_EQ(spins_of(policy, 1), 1);
  EXPECT_EQ(spins_of(policy, 2), 0);
  EXPECT_EQ(spins_of(policy, 1), 1);
  EXPECT_EQ(spins_of(policy, 4), 0);
  EXPECT_LE(spins_of(policy, 1000), 20);
}

TEST_F(Spin, ProbesAgainNowAndThen) {
  Policy policy(true);
  spins_of(policy, 1000);
  EXPECT_EQ(spins_of(policy, 65), 1);
}

TEST_F(Spin, OneSuccessForgetsAllFailures) {
  Policy policy(true);
  spins_of(policy, 1000);
  while (looks(policy, 3) == 0) continue;
  EXPECT_EQ(looks(policy, 3), 4);
}

TEST_F(Spin, AShortSleepForgetsAllFailures) {
  Policy policy(true);
  spins_of(policy, 1000);
  policy.slept(5000);
  EXPECT_EQ(looks(policy, 3), 4);
}

TEST_F(Spin, ALongSleepForgetsNothing) {
  Policy policy(true);
  EXPECT_EQ(spins_of(policy, 1), 1);
  policy.slept(5'000'000);
  EXPECT_EQ(spins_of(policy, 2), 0);
}

TEST_F(Spin, StopsWhenItWasPreempted) {
  Policy policy(true);
  FakeMachine::pause_ticks = 1'000'000;
  EXPECT_LE(looks(policy), 10);
  FakeMachine::pause_ticks = 50;
  EXPECT_EQ(spins_of(policy, 2), 0);
}

TEST_F(Spin, TakesWhatCameWhileItWasPreempted) {
  Policy policy(true);
  FakeMachine::pause_ticks = 1'000'000;
  int count = 0;
  EXPECT_TRUE(policy.spin_until([&] { return ++count > 8; }, kPeer));
}

}  // namespace
}  // namespace troupe::channel
