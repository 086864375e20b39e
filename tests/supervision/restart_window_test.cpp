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

TEST(RestartWindow, ClearedItAllowsAllAgain) {
  RestartWindow window(2, 10s);
  EXPECT_TRUE(window.admit(kStart));
  window.clear();
  EXPECT_TRUE(window.admit(kStart));
  EXPECT_TRUE(window.admit(kStart));
  EXPECT_FALSE(window.admit(kStart));
}

TEST(RestartWindow, TakesAsManyAsThereAreNumbers) {
  RestartWindow window(UINT_MAX, Timeout{});
  const auto is_admitted = [&](int i) { return window.admit(kStart + nanoseconds(i)); };
  for (int i = 0; i < 1'000'000; ++i) ASSERT_TRUE(is_admitted(i)) << i;
}

// The window as one would write it without a thought of its memory. What is counted is never earlier than what was before.
class NaiveWindow {
 public:
  explicit NaiveWindow(nanoseconds within) : within_(within) {}

  void add(TimePoint now) { all_.push_back(now); }
  std::size_t count(TimePoint now) const {
    const auto is_outside = [&](TimePoint restart) { return now - restart > within_; };
    return static_cast<std::size_t>(std::find_if(all_.rbegin(), all_.rend(), is_outside) - all_.rbegin());
  }

 private:
  nanoseconds within_;
  std::vector<TimePoint> all_;
};

TEST(RestartWindow, IsExactUpToItsBoundOfMemory) {
  for (const unsigned max : {1u, 2u, 7u, 256u}) {
    SCOPED_TRACE(max);
    std::mt19937 random(max);
    std::uniform_int_distribution<int> step(0, static_cast<int>(2'000'000 / max));
    RestartWindow window(max, 1ms);
    NaiveWindow naive(1ms);
    unsigned refused = 0;
    TimePoint now = kStart;
    for (int i = 0; i < 5000; ++i, now += nanoseconds(step(random))) {
      const bool is_allowed = naive.count(now) < max;
      ASSERT_EQ(window.admit(now), is_allowed) << i;
      if (is_allowed) naive.add(now);
      refused += is_allowed ? 0 : 1;
    }
    EXPECT_GT(refused, 50u);
  }
}

// Each restart that was allowed is one too many for no window; each that was refused is one for a window that is longer by
// what lies together in one batch.
template <class Step>
void expect_within_bounds(unsigned max, nanoseconds within, Step step, unsigned& refused) {
  RestartWindow window(max, within);
  NaiveWindow strict(within);
  NaiveWindow generous(within + within / RestartWindow::kExact);
  TimePoint now = kStart;
  for (int i = 0; i < 10'000; ++i, now += nanoseconds(step(i))) {
    const std::size_t in_window = strict.count(now);
    const std::size_t nearly_in_window = generous.count(now);
    const bool is_allowed = window.admit(now);
    ASSERT_TRUE(is_allowed ? in_window < max : nearly_in_window >= max) << i;
    refused += is_allowed ? 0 : 1;
    if (!is_allowed) continue;
    strict.add(now);
    generous.add(now);
  }
}

TEST(RestartWindow, BeyondItsBoundOfMemoryItAllowsNeverTooManyAndHardlyTooFew) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> any(0, 300);
  unsigned refused = 0;
  expect_within_bounds(
      2000, 1ms, [&](int) { return any(random); }, refused);
  EXPECT_GT(refused, 1000u);
}

TEST(RestartWindow, HasRoomForAsManyBatchesAsThereCanBe) {
  constexpr int kWidth = 1000;
  constexpr int kBatches = RestartWindow::kExact + 1;
  constexpr nanoseconds kWithin(RestartWindow::kExact * (kWidth + 1) - 1);
  const auto first_and_last_of_each = [](int i) { return i % 2 == 0 ? kWidth : 1; };
  unsigned refused = 0;
  expect_within_bounds(2 * kBatches, kWithin, first_and_last_of_each, refused);
  EXPECT_EQ(refused, 0u);
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
