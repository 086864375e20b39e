// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <chrono>

#include "pool/work_time.hpp"

namespace troupe::pool {
namespace {

using namespace std::chrono_literals;

WorkTime after(int count, WorkTime::Duration span) {
  WorkTime time;
  for (int i = 0; i < count; ++i) time.note(span);
  return time;
}

TEST(WorkTime, LetsAWorkerHaveOneThatWaitsAtTheLeast) {
  EXPECT_EQ(WorkTime().allowance(), WorkTime::kLeast);
  EXPECT_EQ(after(100, 1s).allowance(), WorkTime::kLeast);
}

TEST(WorkTime, LetsItHaveAsManyAsFillTheTime) {
  EXPECT_NEAR(static_cast<double>(after(100, WorkTime::kAhead / 10).allowance()), 11, 1);
}

TEST(WorkTime, LetsItNotHaveAnyNumber) {
  EXPECT_EQ(after(100, 1ns).allowance(), WorkTime::kMost);
  EXPECT_EQ(after(100, 0ns).allowance(), WorkTime::kMost);
  EXPECT_EQ(after(100, -5s).allowance(), WorkTime::kMost) << "whatever the clock says";
}

TEST(WorkTime, ForgetsWhatWas) {
  WorkTime time = after(1000, 10ns);
  for (int i = 0; i < 100; ++i) time.note(1ms);
  EXPECT_EQ(time.allowance(), WorkTime::kLeast);
}

}  // namespace
}  // namespace troupe::pool
