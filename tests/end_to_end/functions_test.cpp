// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

#include "actors.hpp"

namespace troupe::test {

int doubled(const Counter& counter) { return 2 * counter.value; }

namespace {

class Functions : public testing::RuntimeTest {};

int add_length(Counter& counter, std::string_view text, int n) noexcept {
  return counter.value += static_cast<int>(text.size()) + n;
}
void refuse(Counter&) { throw std::out_of_range("refused"); }
int which(Counter&) { return 1; }  // functions_elsewhere_test.cpp has one of the same name

TEST_F(Functions, RunWithTheActor) {
  auto counter = runtime().spawn<Counter>(1);
  EXPECT_EQ(counter.run(fn<&add_length>, "four", 5).get(), 10);
  EXPECT_EQ(counter.run(fn<&doubled>).get(), 20);
  EXPECT_EQ(counter.run(fn<doubled>).get(), 20);
  EXPECT_THROW(counter.run(fn<&refuse>).get(), std::out_of_range);
}

TEST_F(Functions, OfOneNameInTwoFilesAreTwo) { EXPECT_EQ(runtime().spawn<Counter>().run(fn<&which>).get(), 1); }

TEST_F(Functions, CanBeCalledHereToo) {
  Counter counter(3);
  EXPECT_EQ(fn<&doubled>(counter), 6);
  static_assert(noexcept(fn<&add_length>(counter, "", 1)) && !noexcept(fn<&doubled>(counter)));
  static_assert(!std::is_invocable_v<decltype(fn<&doubled>), int>);
}

}  // namespace
}  // namespace troupe::test
