// SPDX-License-Identifier: BSL-1.0
#include "client/callback_thread.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/platform/stderr_on.hpp"

namespace troupe::client {
namespace {

TEST(RunReporting, EndsNobodyWhereStderrTakesNothing) {
  const platform::testing::StderrOn full("/dev/full");
  run_reporting("callback", [] { throw std::runtime_error("nobody reads this"); });
  run_reporting("callback", [] { throw 42; });
}

}  // namespace
}  // namespace troupe::client
