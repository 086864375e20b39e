// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <string>
#include <typeinfo>

#include "wire/registry.hpp"

namespace troupe::test {
namespace {

struct Hidden {};

TEST(ReadableType, LeavesOutWhatOnlyCompilersWantToKnow) {
  EXPECT_EQ(wire::readable_type(typeid(std::string).name()), "std::string");
  EXPECT_EQ(wire::readable_type(typeid(Hidden).name()), "troupe::test::Hidden");
}

}  // namespace
}  // namespace troupe::test
