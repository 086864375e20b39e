// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

#include "explorer.hpp"

namespace troupe::model {

// Prints how much was explored.
inline void report(const Outcome& outcome, const std::string& variant = {}) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  ::testing::Test::RecordProperty("executions" + variant, std::to_string(outcome.executions));
  fmt::print("{}.{} {}: {} executions, {} of them to the end, {} states\n", test->test_suite_name(), test->name(), variant,
             outcome.executions, outcome.complete, outcome.states);
}

inline void expect_kept(const Outcome& outcome, const std::string& variant = {}) {
  report(outcome, variant);
  EXPECT_EQ(outcome.failure, "") << variant;
  EXPECT_GT(outcome.complete, 0u) << variant;
}

// That the explorer sees a fault which was put in on purpose.
inline void expect_broken(const Outcome& outcome, const std::string& promise, const std::string& variant = {}) {
  report(outcome, variant);
  EXPECT_EQ(outcome.failure.substr(0, outcome.failure.find('\n')), promise) << variant << outcome.failure;
}

}  // namespace troupe::model
