// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <unistd.h>
#include <troupe/guard.hpp>

#include <cstdlib>
#include <thread>

#include "rogue_host.hpp"

int main(int argc, char** argv) {
  if (const char* trick = troupe::manager::testing::rogue_trick()) return troupe::manager::testing::run_rogue_host(trick);
  if (std::getenv("TROUPE_TEST_EARLY_THREAD") != nullptr) std::thread([] { ::pause(); }).detach();
  troupe::main_guard(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
