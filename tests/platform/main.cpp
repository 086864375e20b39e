// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <cstdlib>

#include "guests.hpp"

int main(int argc, char** argv) {
  if (auto start = troupe::platform::take_role()) return troupe::platform::testing::run_guest(std::move(*start));
  // A guest that does not find its role must not run the tests: they would launch guests, and those again.
  if (std::getenv(troupe::platform::testing::kGuestVariable) != nullptr) return 121;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
