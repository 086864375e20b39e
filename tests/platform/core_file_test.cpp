// SPDX-License-Identifier: BSL-1.0
#include "platform/core_file.hpp"

#include <gtest/gtest.h>

namespace troupe::platform {
namespace {

TEST(CoreName, IsThePatternWhereItAsksForNothing) {
  EXPECT_EQ(core_name("core", false, 42, 11), "core");
  EXPECT_EQ(core_name("/var/cores/core", false, 42, 11), "/var/cores/core");
}

TEST(CoreName, HasProcessAndSignal) { EXPECT_EQ(core_name("/c/%p/%s-%p", false, 42, 11), "/c/42/11-42"); }

TEST(CoreName, EndsWithTheProcessWhereTheKernelIsToldSo) {
  EXPECT_EQ(core_name("core", true, 42, 11), "core.42");
  EXPECT_EQ(core_name("", true, 42, 11), ".42");
  EXPECT_EQ(core_name("core-%p", true, 42, 11), "core-42");
  EXPECT_EQ(core_name("core-%P", true, 42, 11), "core-*.42");
}

TEST(CoreName, LeavesOpenWhatNobodyKnowsAfterwards) { EXPECT_EQ(core_name("%e.%t@%h%u", false, 42, 11), "*.*@**"); }

TEST(CoreName, KnowsAPercentSign) {
  EXPECT_EQ(core_name("100%%p", false, 42, 11), "100%p");
  EXPECT_EQ(core_name("core%", false, 42, 11), "core");
  EXPECT_EQ(core_name("a%zb", false, 42, 11), "ab");
}

TEST(CoreName, TakesWhatIsSpecialInAPatternForItself) { EXPECT_EQ(core_name("[*]?", false, 42, 11), "\\[\\*]\\?"); }

}  // namespace
}  // namespace troupe::platform
