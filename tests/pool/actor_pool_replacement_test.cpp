// SPDX-License-Identifier: BSL-1.0
#include "pool/actor_pool_replacement.hpp"

#include <gtest/gtest.h>

namespace troupe::pool {
namespace {

using namespace std::chrono_literals;
using News = Replacement::News;

constexpr TimePoint kStart{};
constexpr std::chrono::seconds kLong = 3600s;

class PoolReplacement : public ::testing::Test {
 protected:
  PoolReplacement() {
    replacement.add(4, kStart);
    replacement.set_wanted(4, kStart);
  }

  // As one that is tried and fails at `now`.
  void fail_at(TimePoint now) {
    ASSERT_EQ(replacement.begin(now), 1U);
    replacement.note_failed(now);
  }

  Replacement replacement{{.first = 100ms, .most = 1s}, 5s};
};

TEST_F(PoolReplacement, StartsNothingWhileAllAreThere) {
  EXPECT_EQ(replacement.begin(kStart + kLong), 0U);
  EXPECT_EQ(replacement.due(), TimePoint::max());
}

TEST_F(PoolReplacement, ReplacesAtOnceAndOnce) {
  replacement.note_lost(kStart + kLong, kLong);
  EXPECT_LE(replacement.due(), kStart + kLong);
  EXPECT_EQ(replacement.begin(kStart + kLong), 1U);
  EXPECT_EQ(replacement.begin(kStart + kLong), 0U);
}

TEST_F(PoolReplacement, ReplacesSeveralTogether) {
  for (int i = 0; i < 3; ++i) replacement.note_lost(kStart + kLong, kLong);
  EXPECT_EQ(replacement.begin(kStart + kLong), 3U);
}

TEST_F(PoolReplacement, WaitsTwiceAsLongAfterEachFailureUpToTheMost) {
  replacement.note_lost(kStart, kLong);
  TimePoint now = kStart;
  for (const auto delay : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    fail_at(now);
    EXPECT_EQ(replacement.begin(now + delay - 1ns), 0U);
    EXPECT_EQ(replacement.due(), now + delay);
    now += delay;
  }
}

TEST_F(PoolReplacement, ANegativeFirstDelayIsNone) {
  Replacement hasty({.first = -1s, .most = 1s}, 5s);
  hasty.set_wanted(1, kStart);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(hasty.begin(kStart), 1U);
    hasty.note_failed(kStart);
    EXPECT_EQ(hasty.due(), kStart);
  }
}

TEST_F(PoolReplacement, TriesOneAtATimeWhileTheyFail) {
  for (int i = 0; i < 3; ++i) replacement.note_lost(kStart, kLong);
  EXPECT_EQ(replacement.begin(kStart), 3U);
  for (int i = 0; i < 3; ++i) replacement.note_failed(kStart);
  EXPECT_EQ(replacement.begin(kStart + 1s), 1U);
  EXPECT_EQ(replacement.begin(kStart + 1s), 0U);
  replacement.note_started(kStart + 1s);
  EXPECT_EQ(replacement.begin(kStart + 1s), 2U);
}

TEST_F(PoolReplacement, DoesNotSpinOnMembersThatDieAtOnce) {
  TimePoint now = kStart + kLong;
  replacement.note_lost(now, 1ms);
  ASSERT_EQ(replacement.begin(now), 1U);
  replacement.note_started(now);
  for (const auto delay : {100ms, 200ms, 400ms, 800ms, 1000ms}) {
    replacement.note_lost(now, 1ms);
    EXPECT_EQ(replacement.begin(now + delay - 1ns), 0U) << delay.count();
    now += delay;
    ASSERT_EQ(replacement.begin(now), 1U);
    replacement.note_started(now);
  }
}

TEST_F(PoolReplacement, ALongLifeEndsTheRowOfShortOnes) {
  for (int i = 0; i < 3; ++i) replacement.note_lost(kStart, 1ms);
  replacement.note_lost(kStart + kLong, kLong);
  EXPECT_EQ(replacement.begin(kStart + kLong), 4U);
}

TEST_F(PoolReplacement, IsHopefulUntilAStartFails) {
  replacement.note_lost(kStart, kLong);
  EXPECT_TRUE(replacement.is_hopeful(replacement.members()));
  ASSERT_EQ(replacement.begin(kStart), 1U);
  EXPECT_TRUE(replacement.is_hopeful(replacement.members()));
  replacement.note_failed(kStart);
  EXPECT_FALSE(replacement.is_hopeful(replacement.members()));
  ASSERT_EQ(replacement.begin(kStart + 1s), 1U);
  replacement.note_started(kStart + 1s);
  replacement.note_lost(kStart + kLong, kLong);
  EXPECT_TRUE(replacement.is_hopeful(replacement.members()));
}

TEST_F(PoolReplacement, IsHopefulWhenAnEndIsYetToBeNoted) {
  EXPECT_FALSE(replacement.is_hopeful(replacement.members()));
  EXPECT_TRUE(replacement.is_hopeful(replacement.members() - 1));
}

TEST_F(PoolReplacement, StartsNothingAfterGivingUp) {
  replacement.note_lost(kStart, kLong);
  replacement.give_up();
  EXPECT_FALSE(replacement.is_hopeful(replacement.members()));
  EXPECT_EQ(replacement.begin(kStart + kLong), 0U);
}

TEST_F(PoolReplacement, TellsOnceThatItIsShortForLongAndOnceThatItIsComplete) {
  replacement.note_lost(kStart, kLong);
  EXPECT_EQ(replacement.news(kStart + 5s - 1ns), std::nullopt);
  EXPECT_EQ(replacement.news(kStart + 5s), News::is_short);
  EXPECT_EQ(replacement.news(kStart + kLong), std::nullopt);
  ASSERT_EQ(replacement.begin(kStart + kLong), 1U);
  replacement.note_started(kStart + kLong);
  EXPECT_EQ(replacement.news(kStart + kLong), News::is_complete);
  EXPECT_EQ(replacement.news(kStart + 2 * kLong), std::nullopt);
}

TEST_F(PoolReplacement, SaysNothingOfAShortSpell) {
  replacement.note_lost(kStart, kLong);
  ASSERT_EQ(replacement.begin(kStart), 1U);
  replacement.note_started(kStart + 1s);
  EXPECT_EQ(replacement.news(kStart + kLong), std::nullopt);
  EXPECT_EQ(replacement.due(), TimePoint::max());
}

TEST_F(PoolReplacement, TheSpellGoesOnWhileAnyIsMissing) {
  replacement.note_lost(kStart, kLong);
  replacement.note_lost(kStart + 3s, kLong);
  ASSERT_EQ(replacement.begin(kStart + 3s), 2U);
  replacement.note_started(kStart + 4s);
  EXPECT_EQ(replacement.due(), kStart + 5s);
  EXPECT_EQ(replacement.news(kStart + 5s), News::is_short);
}

TEST_F(PoolReplacement, FewerWantedNeedNoReplacement) {
  replacement.set_wanted(3, kStart);
  replacement.retire();
  EXPECT_EQ(replacement.begin(kStart + kLong), 0U);
  EXPECT_EQ(replacement.members(), 3U);
}

}  // namespace
}  // namespace troupe::pool
