// SPDX-License-Identifier: BSL-1.0
#include "supervision/restart_history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <climits>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::supervision {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using On = RestartPolicy::On;
using What = Verdict::What;

constexpr TimePoint kStart{};
constexpr std::uint64_t kSeed = 7;

constexpr Verdict kStayDown = {What::stay_down, {}};
constexpr Verdict kGiveUp = {What::give_up, {}};
constexpr Verdict kAtOnce = {What::restart, {}};

// No delay, so that a verdict is one word.
constexpr RestartPolicy prompt(unsigned max, Timeout within, On on = On::crash) {
  return {.max = max, .within = within, .backoff = {.first = 0s}, .on = on};
}

TEST(RestartHistory, NeverRestartsUnlessAsked) {
  for (const RestartPolicy& policy :
       {RestartPolicy::never, prompt(0, 10s), prompt(0, 10s, On::any_exit), prompt(9, 10s, On::never)}) {
    RestartHistory history(policy, kSeed);
    EXPECT_FALSE(history.may_restart());
    EXPECT_EQ(history.ended(Exit::crash, kStart), kStayDown);
    EXPECT_EQ(history.ended(Exit::clean, kStart), kStayDown);
    EXPECT_EQ(history.restarts(), 0u);
  }
  EXPECT_FALSE(RestartHistory().may_restart());
  EXPECT_EQ(RestartHistory().ended(Exit::crash, kStart), kStayDown);
}

TEST(RestartHistory, ACleanExitIsAReasonOnlyForAnyExit) {
  RestartHistory after_crashes(prompt(1, 10s), kSeed);
  EXPECT_TRUE(after_crashes.may_restart());
  EXPECT_EQ(after_crashes.ended(Exit::clean, kStart), kStayDown);
  EXPECT_EQ(after_crashes.ended(Exit::crash, kStart), kAtOnce);

  RestartHistory after_all(prompt(2, 10s, On::any_exit), kSeed);
  EXPECT_TRUE(after_all.may_restart());
  EXPECT_EQ(after_all.ended(Exit::clean, kStart), kAtOnce);
  EXPECT_EQ(after_all.ended(Exit::crash, kStart), kAtOnce);
  EXPECT_EQ(after_all.ended(Exit::clean, kStart), kGiveUp);
}

TEST(RestartHistory, GivesUpAfterThreeRestartsWithinThirtySeconds) {
  RestartHistory history(prompt(3, 30s), kSeed);
  EXPECT_EQ(history.ended(Exit::crash, kStart), kAtOnce);
  EXPECT_EQ(history.ended(Exit::crash, kStart + 10s), kAtOnce);
  EXPECT_EQ(history.ended(Exit::crash, kStart + 20s), kAtOnce);
  EXPECT_EQ(history.ended(Exit::crash, kStart + 30s), kGiveUp);
  EXPECT_EQ(history.restarts(), 3u);
}

TEST(RestartHistory, TheWindowSlides) {
  RestartHistory history(prompt(2, 10s), kSeed);
  EXPECT_EQ(history.ended(Exit::crash, kStart), kAtOnce);
  EXPECT_EQ(history.ended(Exit::crash, kStart + 9s), kAtOnce);
  EXPECT_EQ(history.ended(Exit::crash, kStart + 11s), kAtOnce);
  EXPECT_EQ(history.ended(Exit::crash, kStart + 19s), kGiveUp);
  EXPECT_EQ(history.restarts(), 3u);
}

MATCHER_P(RestartsWithin, delay, "") {
  return testing::ExplainMatchResult(What::restart, arg.what, result_listener) &&
         testing::ExplainMatchResult(AllOf(Ge(delay / 2), Le(delay)), arg.delay, result_listener);
}

TEST(RestartHistory, TheDelayDoublesUpToTheMost) {
  RestartHistory history({.max = 9, .within = 1h, .backoff = {.first = 100ms, .most = 1s}}, kSeed);
  for (const nanoseconds delay : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    EXPECT_THAT(history.ended(Exit::crash, kStart), RestartsWithin(delay));
  }
}

TEST(RestartHistory, NoDelayStaysNoDelay) {
  RestartHistory history(prompt(100, 10s), kSeed);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(history.ended(Exit::crash, kStart), kAtOnce) << i;
}

TEST(RestartHistory, ANegativeFirstDelayIsNone) {
  const RestartPolicy hasty{.max = 1000, .backoff = {.first = -1s}};
  EXPECT_NO_THROW(check(hasty));
  RestartHistory history(hasty, kSeed);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(history.ended(Exit::crash, kStart), kAtOnce);
}

TEST(RestartHistory, TheDelayOfAPolicyWithoutAMostGrowsToTheEndOfTime) {
  RestartHistory history({.max = 200, .within = {}, .backoff = {.first = 1ns, .most = {}}}, kSeed);
  Verdict last;
  for (int i = 0; i < 200; ++i) last = history.ended(Exit::crash, kStart);
  EXPECT_THAT(last, RestartsWithin(nanoseconds::max()));
}

TEST(RestartHistory, ALongLifeBeginsTheBackoffAnew) {
  RestartHistory history({.max = 9, .within = 10s, .backoff = {.first = 1s, .most = 8s}}, kSeed);
  history.ended(Exit::crash, kStart);
  const Verdict second = history.ended(Exit::crash, kStart + 1s);
  EXPECT_THAT(second, RestartsWithin(nanoseconds(2s)));
  const TimePoint third_life = kStart + 1s + second.delay;

  EXPECT_THAT(history.ended(Exit::crash, third_life + 10s + 1ns), RestartsWithin(nanoseconds(1s)));
}

TEST(RestartHistory, ALifeOfExactlyTheWindowDoesNotBeginTheBackoffAnew) {
  RestartHistory history({.max = 9, .within = 10s, .backoff = {.first = 1s, .most = 8s}}, kSeed);
  const TimePoint second_life = kStart + history.ended(Exit::crash, kStart).delay;

  EXPECT_THAT(history.ended(Exit::crash, second_life + 10s), RestartsWithin(nanoseconds(2s)));
}

TEST(RestartHistory, TheTimeSpentWaitingIsNoLife) {
  RestartHistory history({.max = 9, .within = 1s, .backoff = {.first = 10s, .most = 20s}}, kSeed);
  const TimePoint second_life = kStart + history.ended(Exit::crash, kStart).delay;

  EXPECT_THAT(history.ended(Exit::crash, second_life + 1ms), RestartsWithin(nanoseconds(20s)));
}

std::vector<nanoseconds> delays(std::uint64_t seed) {
  RestartHistory history({.max = 100, .within = 1h, .backoff = {.first = 1s, .most = 1s}}, seed);
  std::vector<nanoseconds> result;
  for (int i = 0; i < 100; ++i) result.push_back(history.ended(Exit::crash, kStart).delay);
  return result;
}

TEST(RestartHistory, TheSeedDecidesTheJitter) {
  EXPECT_EQ(delays(1), delays(1));
  EXPECT_NE(delays(1), delays(2));
}

TEST(RestartHistory, TheJitterUsesTheUpperHalfOfTheDelay) {
  const auto drawn = delays(3);
  EXPECT_THAT(drawn, testing::Each(AllOf(Ge(500ms), Le(1s))));
  EXPECT_THAT(drawn, testing::Contains(Le(550ms)));
  EXPECT_THAT(drawn, testing::Contains(Ge(950ms)));
}

TEST(RestartHistory, WorksAtTheEndsOfTheClock) {
  RestartHistory history({.max = UINT_MAX, .within = 10s, .backoff = {.first = 1s}}, kSeed);
  EXPECT_THAT(history.ended(Exit::crash, TimePoint::min()), RestartsWithin(nanoseconds(1s)));
  EXPECT_THAT(history.ended(Exit::crash, TimePoint::max()), RestartsWithin(nanoseconds(1s)));
  EXPECT_THAT(history.ended(Exit::crash, TimePoint::max()), RestartsWithin(nanoseconds(2s)));
}

// --- policies that nobody can follow

std::string complaint(const RestartPolicy& policy) {
  try {
    check(policy);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(RestartPolicy, AWindowHasALengthIfItIsUsed) {
  EXPECT_THAT(complaint({.max = 1, .within = 0s}), HasSubstr("SpawnOptions::restart.within must be longer than zero"));
  EXPECT_THAT(complaint({.max = 1, .within = -5s}), HasSubstr("SpawnOptions::restart.within must be longer than zero"));
  EXPECT_EQ(complaint({.max = 0, .within = 0s}), "none");
}

TEST(RestartPolicy, TheFirstDelayIsTheShortest) {
  EXPECT_THAT(complaint({.max = 1, .backoff = {.first = 11s}}), HasSubstr("SpawnOptions::restart.backoff.first must not"));
  EXPECT_THAT(complaint({.max = 1, .backoff = {.most = -1s}}), HasSubstr("SpawnOptions::restart.backoff.first must not"));
  EXPECT_THAT(complaint({.max = 1, .backoff = {.first = {}, .most = {}}}), HasSubstr("SpawnOptions::restart.backoff.first must"));
  EXPECT_EQ(complaint({.max = 1, .backoff = {.first = 10s}}), "none");
  EXPECT_EQ(complaint({.max = 1, .backoff = {.first = 0s, .most = 0s}}), "none");
}

TEST(RestartPolicy, TheOnesInUseAreFine) {
  EXPECT_EQ(complaint(RestartPolicy::never), "none");
  EXPECT_EQ(complaint({.max = 3}), "none");
  EXPECT_EQ(complaint({.max = UINT_MAX, .within = {}, .backoff = {.most = {}}, .on = On::any_exit}), "none");
}

}  // namespace
}  // namespace troupe::supervision
