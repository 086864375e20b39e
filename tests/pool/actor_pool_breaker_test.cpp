// SPDX-License-Identifier: BSL-1.0
#include "pool/actor_pool_breaker.hpp"

#include <gtest/gtest.h>

namespace troupe::pool {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{};

Breaker after_failures(unsigned count) {
  Breaker breaker({.failures = 3, .open_for = 1s});
  for (unsigned i = 0; i < count; ++i) breaker.note_failure(kStart, 0);
  return breaker;
}

TEST(PoolBreaker, StaysClosedBelowTheRow) {
  const Breaker breaker = after_failures(2);
  EXPECT_FALSE(breaker.is_open());
  EXPECT_TRUE(breaker.allows(kStart, 0));
}

TEST(PoolBreaker, OpensAtTheRowForItsTime) {
  const Breaker breaker = after_failures(3);
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(breaker.allows(kStart + 999ms, 0));
  EXPECT_TRUE(breaker.allows(kStart + 1s, 0));
}

TEST(PoolBreaker, AnAnswerInTimeEndsTheRow) {
  Breaker breaker = after_failures(2);
  breaker.note_failure(kStart, 1);
  breaker.note_failure(kStart, 1);
  EXPECT_FALSE(breaker.is_open());
  breaker.note_failure(kStart, 1);
  EXPECT_TRUE(breaker.is_open());
}

TEST(PoolBreaker, AllowsOneProbeAndTheNextAfterAsLong) {
  Breaker breaker = after_failures(3);
  breaker.note_called(kStart + 1s, 0);
  EXPECT_FALSE(breaker.allows(kStart + 1999ms, 0));
  EXPECT_TRUE(breaker.allows(kStart + 2s, 0));
}

TEST(PoolBreaker, ClosesWhenTheProbeIsAnswered) {
  Breaker breaker = after_failures(3);
  breaker.note_called(kStart + 1s, 0);
  EXPECT_TRUE(breaker.allows(kStart + 1100ms, 1));
  breaker.note_called(kStart + 1100ms, 1);
  EXPECT_FALSE(breaker.is_open());
}

TEST(PoolBreaker, StaysOpenWhenTheProbeFails) {
  Breaker breaker = after_failures(3);
  breaker.note_called(kStart + 1s, 0);
  breaker.note_failure(kStart + 1500ms, 0);
  EXPECT_FALSE(breaker.allows(kStart + 2400ms, 0));
  EXPECT_TRUE(breaker.allows(kStart + 2500ms, 0));
}

TEST(PoolBreaker, OneFailureAfterAnAnsweredProbeDoesNotOpenIt) {
  Breaker breaker = after_failures(3);
  breaker.note_called(kStart + 1s, 0);
  breaker.note_failure(kStart + 1500ms, 1);
  EXPECT_FALSE(breaker.is_open());
}

// Where a reply is read that is no answer in time.
TEST(PoolBreaker, ACountThatIsOneLessForAMomentIsNoAnswer) {
  Breaker breaker({.failures = 3, .open_for = 1s});
  for (const std::uint32_t answered : {7U, 6U, 7U}) breaker.note_failure(kStart, answered);
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(breaker.allows(kStart, 6));
  EXPECT_FALSE(breaker.allows(kStart, 7));
  EXPECT_TRUE(breaker.allows(kStart, 8));
}

TEST(PoolBreaker, NeverOpensWithoutARow) {
  Breaker breaker({.failures = 0, .open_for = 1s});
  for (int i = 0; i < 1000; ++i) breaker.note_failure(kStart, 0);
  EXPECT_FALSE(breaker.is_open());
}

}  // namespace
}  // namespace troupe::pool
