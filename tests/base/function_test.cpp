// SPDX-License-Identifier: BSL-1.0
#include "base/function.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace troupe {
namespace {

static_assert(!std::is_copy_constructible_v<Function<void()>>);
static_assert(std::is_nothrow_move_constructible_v<Function<void()>>);
static_assert(!std::is_constructible_v<Function<void()>, void (*)(int)>);

int twice(int number) { return 2 * number; }

TEST(Function, CallsWhatItWasMadeOf) {
  int sum = 0;
  const Function<void(int)> small = [&sum](int number) { sum += number; };
  const Function<int(int)> pointer = &twice;
  const Function<std::size_t(std::size_t)> large = [many = std::array<std::size_t, 8>{1, 2, 3}](std::size_t at) {
    return many[at];
  };
  small(3);
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(pointer(4), 8);
  EXPECT_EQ(large(2), 3u);
}

TEST(Function, TakesWhatCannotBeCopiedAndGivesItOnByMoving) {
  Function<int()> first = [number = std::make_unique<int>(7)] { return *number; };
  Function<int()> second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the promise
  ASSERT_TRUE(second);
  EXPECT_EQ(second(), 7);
}

TEST(Function, HandsArgumentsThroughAsTheyCame) {
  const Function<std::string(std::unique_ptr<std::string>, const std::string&)> joined =
      [](std::unique_ptr<std::string> first, const std::string& second) { return *first + second; };
  EXPECT_EQ(joined(std::make_unique<std::string>("one "), "two"), "one two");
}

TEST(Function, KeepsAMutableStateBetweenCalls) {
  const Function<int()> count = [number = 0]() mutable { return ++number; };
  count();
  EXPECT_EQ(count(), 2);
}

TEST(Function, DestroysWhatItOwnsOnceAndAtOnce) {
  const auto owned = std::make_shared<int>();
  {
    Function<void()> first = [owned] {};
    EXPECT_EQ(owned.use_count(), 2);
    Function<void()> second = std::move(first);
    EXPECT_EQ(owned.use_count(), 2);
    second = {};
    EXPECT_EQ(owned.use_count(), 1);
    second = [owned] {};
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Function, OutlivesBeingAssignedInItsOwnCall) {
  Function<void()> self;
  int runs = 0;
  self = [&self, &runs, owned = std::make_unique<int>(1)] {
    const Function<void()> kept = std::move(self);
    self = {};
    runs += *owned;
  };
  self();
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(self);
}

}  // namespace
}  // namespace troupe
