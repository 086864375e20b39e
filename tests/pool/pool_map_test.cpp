// SPDX-License-Identifier: BSL-1.0
// Many items at a time; by the numbers of multiprocessing's features.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class Kind>
class PoolMaps : public KindTest<Kind> {};
TYPED_TEST_SUITE(PoolMaps, Kinds, KindNames);

TYPED_TEST(PoolMaps, P05_MapKeepsOrder) {
  auto pool = this->pool(2);
  std::vector<int> expected;
  for (int number = 0; number < 1000; ++number) expected.push_back(number * number);
  EXPECT_EQ(pool.map(fn<&square>, numbers_to(1000)), expected);
  for (const int chunksize : {1, 7, 1000, 5000})
    EXPECT_EQ(pool.map(fn<&square>, numbers_to(1000), chunksize), expected) << chunksize;
  EXPECT_THAT(pool.map(fn<&square>, std::vector<int>()), IsEmpty());
  EXPECT_THAT(pool.map([](const std::string& text) { return text + "!"; }, std::vector<std::string>{"a", "b"}),
              ElementsAre("a!", "b!"));
  pool.map(fn<&nothing>, numbers_to(10));
}

TYPED_TEST(PoolMaps, P05_MapTakesAnyRange) {
  auto pool = this->pool(2);
  const std::map<int, int> pairs{{1, 2}, {3, 4}};
  EXPECT_THAT(pool.map([](std::pair<int, int> pair) { return pair.first * pair.second; }, pairs), ElementsAre(2, 12));
  EXPECT_THAT(pool.map(fn<&square>,
                       []() -> Generator<int> {
                         for (int number = 0; number < 3; ++number) co_yield number;
                       }()),
              ElementsAre(0, 1, 4));
  EXPECT_THAT(pool.map([](bool bit) { return !bit; }, std::vector<bool>{true, false}, 1), ElementsAre(false, true));
  EXPECT_THAT(pool.map([](bool bit) { return !bit; }, std::vector<bool>{true, false}, 2), ElementsAre(false, true));
}

TYPED_TEST(PoolMaps, P05_MapRunsAllAndFailsWithTheErrorThatCameFirst) {
  auto pool = this->pool(2);
  for (const int chunksize : {1, 2, 10}) {
    const auto result = pool.map_async(fn<&fail_at_three>, numbers_to(10), chunksize);
    EXPECT_THROW(result.get(), std::out_of_range) << chunksize;
  }
  Gate gate;
  Gate behind_the_first;
  const auto fail = [](const std::string& text, const std::string& path) {
    if (!path.empty()) wait_at(path);
    throw std::runtime_error(text);
  };
  // One worker is held up by the first item; so who has come to the third has done the second.
  const std::vector<std::pair<std::string, std::string>> items{
      {"later", gate.path()}, {"at once", ""}, {"last", behind_the_first.path()}};
  const auto result = pool.starmap_async(fail, items, 1);
  behind_the_first.wait_reached();
  gate.open();
  behind_the_first.let_go();
  try {
    result.get();
    ADD_FAILURE() << "all have failed";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "at once");
  }
}

TYPED_TEST(PoolMaps, P06_RefusesAChunksizeBelowOne) {
  auto pool = this->pool(1);
  EXPECT_THROW(pool.map(fn<&square>, numbers_to(3), 0), std::invalid_argument);
  EXPECT_THROW(pool.map(fn<&square>, numbers_to(3), -1), std::invalid_argument);
  EXPECT_THROW(pool.map_async(fn<&square>, numbers_to(0), 0), std::invalid_argument);
  EXPECT_THROW((void)pool.imap(fn<&square>, numbers_to(3), 0), std::invalid_argument);
}

TYPED_TEST(PoolMaps, P07_MapAsyncTellsItsCallbacksOfAllAtOnce) {
  auto pool = this->pool(2);
  Promise<std::vector<int>> told;
  pool.map_async(fn<&square>, numbers_to(4)).on_done([&](const auto& result) { told.set_value(result.get()); });
  EXPECT_THAT(told.result().get(), ElementsAre(0, 1, 4, 9));
  Promise<std::size_t> of_none;
  pool.map_async(fn<&square>, std::vector<int>()).on_done([&](const auto& result) { of_none.set_value(result.get().size()); });
  EXPECT_EQ(of_none.result().get(), 0u);
}

TYPED_TEST(PoolMaps, P08_StarmapUnpacksEachItem) {
  auto pool = this->pool(2);
  const std::vector<std::pair<int, int>> pairs{{1, 2}, {3, 4}, {5, 6}};
  EXPECT_THAT(pool.starmap(fn<&sum>, pairs), ElementsAre(3, 7, 11));
  EXPECT_THAT(pool.starmap([](int a, int b, int c) { return a * b * c; }, std::vector<std::tuple<int, int, int>>{{1, 2, 3}}, 1),
              ElementsAre(6));
  EXPECT_THAT(pool.starmap_async(fn<&sum>, pairs, 2).get(), ElementsAre(3, 7, 11));
}

}  // namespace
}  // namespace troupe::test
