// SPDX-License-Identifier: BSL-1.0
#include "pool/start_attempts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace troupe::pool {
namespace {

using namespace std::chrono_literals;
using TimePoint = StartAttempts::TimePoint;
using Verdict = StartAttempts::Verdict;

constexpr TimePoint kStart{1h};
constexpr std::array kPauses{100ms, 200ms, 400ms, 800ms};

class PoolStartAttempts : public ::testing::Test {
 protected:
  // As many as there are, each at its time. What the last one leads to.
  Verdict fail_a_row() {
    Verdict verdict = Verdict::try_again;
    for (int i = 0; i < StartAttempts::kMost; ++i) {
      EXPECT_EQ(verdict, Verdict::try_again);
      now = std::max(now, attempts.next(std::nullopt));
      verdict = attempts.note_failed(now, now);
    }
    return verdict;
  }

  StartAttempts attempts;
  TimePoint now = kStart;
};

TEST_F(PoolStartAttempts, AreMadeAtOnceAndTogether) {
  EXPECT_LE(attempts.next(std::nullopt), kStart);
  EXPECT_LE(attempts.next(kStart), kStart);
}

TEST_F(PoolStartAttempts, ThatFailAreFollowedByPausesThatDouble) {
  for (const auto pause : kPauses) {
    EXPECT_EQ(attempts.note_failed(now, now), Verdict::try_again);
    EXPECT_EQ(attempts.next(std::nullopt), now + pause) << "however late that is asked";
    now += pause;
  }
}

TEST_F(PoolStartAttempts, AreGivenUpAfterFiveFailuresInARow) { EXPECT_EQ(fail_a_row(), Verdict::give_up); }

TEST_F(PoolStartAttempts, ForWhatIsMissingAfterAGiveUpAreAsMany) {
  EXPECT_EQ(fail_a_row(), Verdict::give_up);
  now += 1s;
  EXPECT_LE(attempts.next(std::nullopt), now);
  EXPECT_EQ(fail_a_row(), Verdict::give_up);
}

TEST_F(PoolStartAttempts, ThatWereMadeWithThoseThatWereGivenUpAreGivenUpToo) {
  const TimePoint early = kStart - 1ms;
  EXPECT_EQ(fail_a_row(), Verdict::give_up);
  EXPECT_EQ(attempts.note_failed(early, now + 1s), Verdict::give_up);
}

TEST_F(PoolStartAttempts, ThatWereMadeTogetherAreOneFailure) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(attempts.note_failed(kStart, kStart + 1ms * (i + 1)), Verdict::try_again);
  EXPECT_EQ(attempts.next(std::nullopt), kStart + 1ms + kPauses[0]);
}

TEST_F(PoolStartAttempts, AreMadeOneAtATimeAfterAFailure) {
  EXPECT_EQ(attempts.note_failed(now, now), Verdict::try_again);
  const TimePoint second = attempts.next(std::nullopt);
  EXPECT_GT(attempts.next(second), second + kPauses[0]) << "one is being tried";
  EXPECT_TRUE(attempts.note_started());
  EXPECT_LE(attempts.next(second), second) << "nothing keeps the others from being tried now";
  EXPECT_FALSE(attempts.note_started());
}

TEST_F(PoolStartAttempts, DoNotWaitForOneThatHangs) {
  EXPECT_EQ(attempts.note_failed(now, now), Verdict::try_again);
  const TimePoint second = attempts.next(std::nullopt);
  EXPECT_EQ(attempts.next(second), second + StartAttempts::kPatience);
}

TEST_F(PoolStartAttempts, ThatSucceedBeginAnotherRow) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(attempts.note_failed(now, now), Verdict::try_again);
    EXPECT_EQ(attempts.next(std::nullopt), now + kPauses[0]);
    now += 1s;
    attempts.note_started();
  }
}

TEST_F(PoolStartAttempts, ThatAreForgottenKeepNobodyWaiting) {
  EXPECT_EQ(fail_a_row(), Verdict::give_up);
  attempts.forget();
  EXPECT_LE(attempts.next(std::nullopt), kStart);
  EXPECT_EQ(attempts.note_failed(kStart, now), Verdict::try_again);
}

}  // namespace
}  // namespace troupe::pool
