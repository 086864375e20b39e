// SPDX-License-Identifier: BSL-1.0
#include "supervision/restart_window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <random>

namespace troupe::supervision {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr TimePoint kStart{};

TEST(RestartWindow, AllowsNoneUnlessAsked) {
  RestartWindow window;
  EXPECT_FALSE(window.admit(kStart));
}

TEST(RestartWindow, AllowsSoManyAndNotOneMore) {
  RestartWindow window(3, 10s);
  EXPECT_TRUE(window.admit(kStart));
  EXPECT_TRUE(window.admit(kStart + 1s));
  EXPECT_TRUE(window.admit(kStart + 9s));
  EXPECT_FALSE(window.admit(kStart + 10s));
}

TEST(RestartWindow, WhatIsExactlyAWindowAgoCounts) {
  RestartWindow window(1, 10s);
  EXPECT_TRUE(window.admit(kStart));
  EXPECT_FALSE(window.admit(kStart + 10s));
  EXPECT_TRUE(window.admit(kStart + 10s + 1ns));
}

TEST(RestartWindow, WhatWasRefusedDoesNotCount) {
  RestartWindow window(1, 10s);
  EXPECT_TRUE(window.admit(kStart));
  EXPECT_FALSE(window.admit(kStart + 9s));
  EXPECT_TRUE(window.admit(kStart + 11s));
}

TEST(RestartWindow, AWindowWithoutEndForgetsNothing) {
  RestartWindow window(2, Timeout{});
  EXPECT_TRUE(window.admit(TimePoint::min()));
  EXPECT_TRUE(window.admit(kStart));
  EXPECT_FALSE(window.admit(TimePoint::max()));
}

TEST(RestartWindow, AnEmptyWindowCountsOneInstant) {
  RestartWindow window(1, 0s);
  EXPECT_TRUE(window.admit(kStart));
  EXPECT_FALSE(window.admit(kStart));
  EXPECT_TRUE(window.admit(kStart + 1ns));
}

TEST(RestartWindow, AClockThatRunsBackStandsStill) {
  RestartWindow window(2, 10s);
  EXPECT_TRUE(window.admit(kStart + 20s));
  EXPECT_TRUE(window.admit(kStart));
  EXPECT_FALSE(window.admit(kStart + 30s));
  EXPECT_TRUE(window.admit(kStart + 30s + 1ns));
}

TEST(RestartWindow, TakesAsManyAsThereAreNumbers) {
  RestartWindow window(UINT_MAX, Timeout{});
  const auto is_admitted = [&](int i) { return window.admit(kStart + nanoseconds(i)); };
  for (int i = 0; i < 1'000'000; ++i) ASSERT_TRUE(is_admitted(i)) << i;
}

// The window as one would write it without a thought of its memory.
class NaiveWindow {
 public:
  explicit NaiveWindow(nanoseconds within) : within_(within) {}

  void add(TimePoint now) { all_.push_back(now); }
  std::size_t count(TimePoint now) const {
    return static_cast<std::size_t>(
        std::count_if(all_.begin(), all_.end(), [&](TimePoint restart) { return now - restart <= within_; }));
  }

 private:
  nanoseconds within_;
  std::vector<TimePoint> all_;
};

TEST(RestartWindow, IsExactUpToItsBoundOfMemory) {
  for (const unsigned max : {1u, 2u, 7u, 256u}) {
    SCOPED_TRACE(max);
    std::mt19937 random(max);
    std::uniform_int_distribution<int> step(0, static_cast<int>(4000 / max));
    RestartWindow window(max, 1000ns);
    NaiveWindow naive(1000ns);
    TimePoint now = kStart;
    for (int i = 0; i < 5000; ++i, now += nanoseconds(step(random))) {
      const bool is_allowed = naive.count(now) < max;
      ASSERT_EQ(window.admit(now), is_allowed) << i;
      if (is_allowed) naive.add(now);
    }
  }
}

TEST(RestartWindow, BeyondItsBoundOfMemoryItAllowsNeverTooManyAndHardlyTooFew) {
  constexpr unsigned kMax = 5000;
  constexpr nanoseconds kWithin = 1ms;
  RestartWindow window(kMax, kWithin);
  NaiveWindow strict(kWithin);
  NaiveWindow generous(kWithin + kWithin / RestartWindow::kExact);
  std::mt19937 random(1);
  std::uniform_int_distribution<int> step(0, 300);
  unsigned refused = 0;
  TimePoint now = kStart;
  for (int i = 0; i < 20'000; ++i, now += nanoseconds(step(random))) {
    const bool is_allowed = window.admit(now);
    const std::size_t at_most = generous.count(now);
    ASSERT_TRUE(is_allowed ? strict.count(now) < kMax : at_most >= kMax) << i;
    refused += is_allowed ? 0 : 1;
    if (is_allowed) {
      strict.add(now);
      generous.add(now);
    }
  }
  EXPECT_GT(refused, 1000u);
}

TEST(Elapsed, IsBoundedByWhatADurationHolds) {
  EXPECT_EQ(elapsed(kStart, kStart + 5ns), 5ns);
  EXPECT_EQ(elapsed(kStart + 5ns, kStart), 0ns);
  EXPECT_EQ(elapsed(TimePoint::min(), TimePoint::max()), nanoseconds::max());
  EXPECT_EQ(elapsed(TimePoint::min(), kStart), nanoseconds::max());
  EXPECT_EQ(elapsed(kStart - 1ns, TimePoint::max()), nanoseconds::max());
  EXPECT_EQ(elapsed(kStart, TimePoint::max()), nanoseconds::max());
  EXPECT_EQ(elapsed(TimePoint::max(), TimePoint::min()), 0ns);
}

}  // namespace
}  // namespace troupe::supervision
