// SPDX-License-Identifier: BSL-1.0
#include "manager/first_death.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace troupe::manager::testing {
namespace {

using std::chrono::seconds;

constexpr seconds kWindow(30);

// Of deaths at these times, each told by its exit code.
int first_of(std::initializer_list<int> times) {
  FirstDeath first;
  for (const int time : times) {
    DeathCause cause;
    cause.exit_code = time;
    first.note(cause, kWindow, supervision::TimePoint(seconds(time)));
  }
  return first.cause()->exit_code;
}

TEST(FirstDeath, IsTheFirstOfThoseInOneWindowWithTheLast) {
  EXPECT_EQ(first_of({7}), 7);
  EXPECT_EQ(first_of({0, 10, 30}), 0);
  EXPECT_EQ(first_of({0, 29, 31, 32, 33}), 29);
  EXPECT_EQ(first_of({0, 29, 60}), 60);
}

TEST(FirstDeath, StaysTheFirstHoweverManyFollow) {
  EXPECT_EQ(first_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}), 1);
}

TEST(FirstDeath, TellsWhoseItWas) {
  FirstDeath first;
  EXPECT_EQ(first.whose(), "");
  first.note({}, kWindow, supervision::TimePoint(seconds(0)), "one");
  first.note({}, kWindow, supervision::TimePoint(seconds(20)), "another");
  EXPECT_EQ(first.whose(), "one");
  first.note({}, kWindow, supervision::TimePoint(seconds(40)), "a third");
  EXPECT_EQ(first.whose(), "another");
}

TEST(FirstDeath, IsNoneOnceItIsForgotten) {
  FirstDeath first;
  EXPECT_FALSE(first.cause().has_value());
  first.note({}, kWindow, {});
  first.forget();
  EXPECT_FALSE(first.cause().has_value());
}

}  // namespace
}  // namespace troupe::manager::testing
