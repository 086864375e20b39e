// SPDX-License-Identifier: BSL-1.0
#include "base/quoted_name.hpp"

#include <gtest/gtest.h>

namespace troupe::detail {
namespace {

TEST(QuotedName, ShowsAShortNameWhole) {
  EXPECT_EQ(quoted_name("parser"), "\"parser\"");
  EXPECT_EQ(quoted_name(std::string(120, 'a')), '"' + std::string(120, 'a') + '"');
}

TEST(QuotedName, CutsALongNameAndSaysHowLongItIs) {
  EXPECT_EQ(quoted_name(std::string(100'000, 'a')), '"' + std::string(120, 'a') + "…\" (100000 bytes)");
}

TEST(QuotedName, CutsNoCharacterInTwo) {
  const std::string name = std::string(119, 'a') + "äöü";
  EXPECT_EQ(quoted_name(name), '"' + std::string(119, 'a') + "…\" (125 bytes)");
}

}  // namespace
}  // namespace troupe::detail
