// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/guard.hpp>

#include "rogue_host.hpp"

int main(int argc, char** argv) {
  if (const char* trick = troupe::manager::testing::rogue_trick()) return troupe::manager::testing::run_rogue_host(trick);
  troupe::main_guard(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
