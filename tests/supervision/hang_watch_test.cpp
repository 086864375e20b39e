// SPDX-License-Identifier: BSL-1.0
#include "supervision/hang_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace troupe::supervision {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::Ge;
using testing::Le;
using Finding = HangWatch::Finding;

constexpr TimePoint kStart{1h};
constexpr nanoseconds kAfter = 4s;
constexpr Progress kIdle{};
constexpr Progress in(std::uint32_t method, std::uint64_t turns) { return {method, turns}; }

// A watch and its clock, which goes from look to look.
struct Watched {
  explicit Watched(nanoseconds after = kAfter) : watch(after, kStart) {}

  Finding look(const Progress& seen) {
    now = watch.next_look();
    return watch.look(seen, now);
  }
  // Until it finds something, or `until` has come.
  Finding look_until(TimePoint until, const Progress& seen) {
    while (watch.next_look() <= until) {
      if (const Finding found = look(seen); found != Finding::nothing) return found;
    }
    return Finding::nothing;
  }

  TimePoint now = kStart;
  HangWatch watch;
};

TEST(HangWatch, FindsAHangWhenOneRunHasTakenSoLong) {
  Watched watched;
  watched.look(in(1, 0));
  const TimePoint first_seen = watched.now;
  EXPECT_EQ(watched.look_until(kStart + 1h, in(1, 0)), Finding::hung);
  EXPECT_EQ(watched.now, first_seen + kAfter);
  EXPECT_EQ(watched.watch.running_for(), kAfter);
  EXPECT_TRUE(watched.watch.is_hung());
}

// Whenever the run began.
TEST(HangWatch, IsNoMoreThanAQuarterLate) {
  std::vector<nanoseconds> delays;
  for (auto begin = kStart; begin < kStart + 2s; begin += 7ms) {
    Watched watched;
    watched.look_until(begin - 1ns, kIdle);
    ASSERT_EQ(watched.look_until(kStart + 1h, in(1, 0)), Finding::hung);
    delays.push_back(watched.now - begin);
  }
  EXPECT_THAT(delays, testing::Each(testing::AllOf(Ge(kAfter), Le(kAfter + kAfter / 4))));
}

TEST(HangWatch, IsNotDeceivedByManyShortRunsOfOneMethod) {
  Watched watched;
  for (std::uint64_t turns = 0; turns < 1000; ++turns) EXPECT_EQ(watched.look(in(1, turns)), Finding::nothing);
}

TEST(HangWatch, IsNotDeceivedByRunsThatDoNotCount) {
  Watched watched;
  for (std::uint32_t method = 1; method < 1000; ++method) EXPECT_EQ(watched.look(in(method, 5)), Finding::nothing);
}

TEST(HangWatch, FindsNoHangWhereNothingRuns) {
  Watched watched;
  EXPECT_EQ(watched.look_until(kStart + 1h, in(0, 17)), Finding::nothing);
}

TEST(HangWatch, BeginsAnewWithEachRun) {
  Watched watched;
  EXPECT_EQ(watched.look_until(kStart + 3s, in(1, 0)), Finding::nothing);
  EXPECT_EQ(watched.look_until(kStart + 6s, in(1, 1)), Finding::nothing);
  EXPECT_EQ(watched.look_until(kStart + 9s, in(1, 1)), Finding::hung);
}

TEST(HangWatch, SaysOnceThatAHangBeginsAndOnceThatItIsOver) {
  Watched watched;
  ASSERT_EQ(watched.look_until(kStart + 1h, in(1, 0)), Finding::hung);
  EXPECT_EQ(watched.look(in(1, 0)), Finding::nothing);
  EXPECT_EQ(watched.look(kIdle), Finding::goes_on);
  EXPECT_FALSE(watched.watch.is_hung());
  EXPECT_EQ(watched.look(kIdle), Finding::nothing);
}

TEST(HangWatch, SaysThatAHangIsOverWhenTheNextRunHasBegun) {
  Watched watched;
  ASSERT_EQ(watched.look_until(kStart + 1h, in(1, 0)), Finding::hung);
  EXPECT_EQ(watched.look(in(1, 1)), Finding::goes_on);
  EXPECT_EQ(watched.watch.running_for(), 0s);
  EXPECT_EQ(watched.look_until(watched.now + kAfter, in(1, 1)), Finding::hung);
}

TEST(HangWatch, SaysAgainThatItStillHangs) {
  Watched watched;
  ASSERT_EQ(watched.look_until(kStart + 1h, in(1, 0)), Finding::hung);
  for (int i = 2; i < 5; ++i) {
    EXPECT_EQ(watched.look_until(kStart + 1h, in(1, 0)), Finding::still_hung);
    EXPECT_EQ(watched.watch.running_for(), i * kAfter);
  }
}

// A stopped machine, a suspended manager: then everybody has stood still.
TEST(HangWatch, DoesNotCountTimeInWhichNobodyLooked) {
  Watched watched;
  watched.look(in(1, 0));
  EXPECT_EQ(watched.watch.look(in(1, 0), watched.now + 24h), Finding::nothing);
  EXPECT_EQ(watched.watch.running_for(), kAfter / 2);
}

TEST(HangWatch, TakesAClockThatRunsBackForOneThatStandsStill) {
  Watched watched;
  watched.look(in(1, 0));
  EXPECT_EQ(watched.watch.look(in(1, 0), kStart - 1h), Finding::nothing);
  EXPECT_EQ(watched.watch.running_for(), 0s);
  EXPECT_EQ(watched.look_until(watched.now + kAfter, in(1, 0)), Finding::hung);
}

TEST(HangWatch, WantsToLookAlways) {
  for (const nanoseconds after : {nanoseconds(0), nanoseconds(HangWatch::kLeast), nanoseconds(1h), nanoseconds::max()}) {
    Watched watched(after);
    EXPECT_GT(watched.watch.next_look(), kStart);
    watched.look(in(1, 0));
    EXPECT_GT(watched.watch.next_look(), watched.now);
  }
}

// So that one wake-up serves a hundred actors.
TEST(HangWatch, LooksAtAllIdleOnesAtATime) {
  std::vector<TimePoint> looks;
  for (auto start = kStart; start < kStart + 500ms; start += 1ms) looks.push_back(HangWatch(kAfter, start).next_look());
  std::sort(looks.begin(), looks.end());
  looks.erase(std::unique(looks.begin(), looks.end()), looks.end());
  EXPECT_LE(looks.size(), 2u);
}

// A plain account of an actor that runs and rests: what has been told must agree with it, whatever the times are.
class Account {
 public:
  explicit Account(unsigned seed) : random_(seed) {}

  Progress at(TimePoint now) {
    while (now >= change_) {
      since_ = change_;
      change_ += random_() % 4 == 0 ? nanoseconds(kAfter * (1 + random_() % 5)) : nanoseconds(1ms * (random_() % 2500));
      if (method_ != 0) ++turns_;
      method_ = random_() % 3 == 0 ? 0 : 1 + static_cast<std::uint32_t>(random_() % 2);
    }
    return {method_, turns_};
  }
  // The run that goes on, for how long.
  nanoseconds running_for(TimePoint now) const { return method_ == 0 ? 0ns : now - since_; }

 private:
  std::minstd_rand random_;
  std::uint32_t method_ = 0;
  std::uint64_t turns_ = 0;
  TimePoint since_ = kStart;
  TimePoint change_ = kStart;
};

TEST(HangWatchModel, AgreesWithAPlainAccount) {
  constexpr nanoseconds kLate = kAfter + kAfter / 4;
  int hangs = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Account account(seed);
    Watched watched;
    std::optional<Progress> told;
    for (int i = 0; i < 500; ++i) {
      const TimePoint now = watched.watch.next_look();
      const Progress seen = account.at(now);
      const Finding found = watched.look(seen);
      const nanoseconds truth = account.running_for(now);
      ASSERT_EQ(found == Finding::goes_on, told && *told != seen);
      if (found == Finding::goes_on) told.reset();
      if (found == Finding::hung) {
        ASSERT_FALSE(told);
        told = seen;
        ++hangs;
      }
      ASSERT_LE(watched.watch.running_for(), truth);
      ASSERT_TRUE(!told || truth >= kAfter);
      ASSERT_TRUE(told || truth < kLate);
    }
  }
  EXPECT_GT(hangs, 1000);
}

}  // namespace
}  // namespace troupe::supervision
