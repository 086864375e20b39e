// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/guard.hpp>

int main(int argc, char** argv) {
  troupe::main_guard(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
