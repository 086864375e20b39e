// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <ios>
#include <string>
#include <system_error>

#include "wire/error_categories.hpp"

namespace troupe::wire {
namespace {

TEST(ErrorCategories, KnowsTheStandardOnes) {
  for (const std::error_category* each :
       {&std::generic_category(), &std::system_category(), &std::iostream_category(), &std::future_category()}) {
    EXPECT_EQ(&category_named(each->name()), each);
  }
}

TEST(ErrorCategories, GivesAForeignNameTheSameCategoryEachTime) {
  const auto& category = category_named("database");
  EXPECT_STREQ(category.name(), "database");
  EXPECT_EQ(&category_named("database"), &category);
  EXPECT_NE(&category_named("network"), &category);
}

TEST(ErrorCategories, NeverTakesAForeignCodeForAStandardOne) {
  const std::error_code code(static_cast<int>(std::errc::no_such_file_or_directory), category_named("database"));
  EXPECT_NE(code, std::errc::no_such_file_or_directory);
}

// In a process of its own: what it keeps is kept for ever.
TEST(ErrorCategories, KeepsABoundedNumberOfForeignNames) {
  const auto flood = [] {
    for (int number = 0; number < 1000; ++number) (void)category_named("flood " + std::to_string(number));
    std::_Exit(&category_named("flood 998") == &category_named("flood 999") ? 0 : 1);
  };
  EXPECT_EXIT(flood(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace troupe::wire
