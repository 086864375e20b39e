// SPDX-License-Identifier: BSL-1.0
#pragma once

// Testing, with GoogleTest, how a program behaves when its actors' processes die. Not in troupe.hpp; link troupe::testing and
// GTest::gmock, or troupe::testing_main, which has a main, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/guard.hpp>
#include <troupe/testing/actor_death.hpp>
#include <troupe/testing/fail.hpp>
#include <troupe/testing/holdings.hpp>
#include <troupe/testing/runtime_test.hpp>

namespace troupe::testing {

// All that the main of a GoogleTest program does: the guard first (in a process that troupe started it never returns), then
// GoogleTest. What main returns.
inline int run_all_tests(int argc, char** argv) {
  main_guard(argc, argv);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

}  // namespace troupe::testing
