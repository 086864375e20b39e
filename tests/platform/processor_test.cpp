// SPDX-License-Identifier: BSL-1.0
#include "platform/processor.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <thread>

#include "platform/random.hpp"

namespace troupe::platform::testing {
namespace {

// In a thread of its own, whose affinity ends with it.
TEST(Processor, IsTheOneThatTheThreadIsBoundTo) {
  std::jthread([] {
    const unsigned here = current_processor();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(here, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(current_processor(), here);
    EXPECT_EQ(usable_processors(), 1U);
  }).join();
}

TEST(Processor, AtLeastOneIsUsable) { EXPECT_GE(usable_processors(), 1U); }

TEST(Ticks, GrowWithTime) {
  using std::chrono::steady_clock;
  const auto begin_time = steady_clock::now();
  const std::uint64_t begin = ticks();
  while (steady_clock::now() - begin_time < std::chrono::milliseconds(2)) spin_pause();
  const std::uint64_t elapsed = ticks() - begin;
  EXPECT_GE(elapsed, 1900 * ticks_per_microsecond());
}

TEST(Ticks, AreMeasuredOnce) { EXPECT_EQ(ticks_per_microsecond(), ticks_per_microsecond()); }

TEST(Random, DiffersEachTime) { EXPECT_NE(random_bits(), random_bits()); }

}  // namespace
}  // namespace troupe::platform::testing
