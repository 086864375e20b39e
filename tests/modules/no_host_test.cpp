// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/troupe.hpp>

#include <string>

#include "shelf.hpp"

namespace troupe::test {

// It has the runtime for itself, in an archive of which it took what it needs.
TEST(ProgramThatHostsNoModules, IsToldWhatToLink) {
  Runtime runtime;
  try {
    runtime.spawn<Shelf>({.module = TROUPE_TEST_LIBRARY, .actor = "Bookshelf"});
    FAIL() << "it was loaded";
  } catch (const StartError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("undefined symbol"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("troupe::module_host"));
  }
  EXPECT_TRUE(runtime.actors().empty());
}

}  // namespace troupe::test
