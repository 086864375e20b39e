// SPDX-License-Identifier: BSL-1.0
// Items that are gone through; by the numbers of multiprocessing's features.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::UnorderedElementsAre;

template <class Kind>
class PoolImaps : public KindTest<Kind> {};
TYPED_TEST_SUITE(PoolImaps, Kinds, KindNames);

TYPED_TEST(PoolImaps, P09_ImapPullsNoMoreThanItsWindowAhead) {
  auto pool = this->pool(2);
  int pulled = 0;
  const auto endless = [](int& count) -> Generator<int> {
    for (;;) co_yield count++;
  };
  auto results = pool.imap(fn<&square>, endless(pulled));
  for (int number = 0; number < 1000; ++number) {
    EXPECT_EQ(results.next(), number * number);
    EXPECT_LE(pulled, number + 1 + 64);
  }
}

TYPED_TEST(PoolImaps, P09_ImapSubmitsItsFirstWindowInTheCall) {
  Gate gate;
  auto pool = this->pool(1);
  auto results = pool.imap(fn<&wait_at_gate>, std::vector{gate.path()});
  gate.wait_reached();
  gate.let_go();
  EXPECT_EQ(results.next(), 1);
}

TYPED_TEST(PoolImaps, P09_WhatImapHasSubmittedCanBeReadAfterJoin) {
  auto pool = this->pool(2);
  auto results = pool.imap(fn<&square>, numbers_to(64));
  auto unordered = pool.imap_unordered(fn<&square>, numbers_to(64));
  pool.close();
  pool.join();
  for (int number = 0; number < 64; ++number) EXPECT_EQ(results.next(), number * number);
  std::set<int> all;
  for (const int number : unordered) all.insert(number);
  EXPECT_EQ(all.size(), 64u);
}

TYPED_TEST(PoolImaps, P09_ImapIsRefusedInTheCallByAClosedPool) {
  auto pool = this->pool(1);
  pool.close();
  EXPECT_THROW((void)pool.imap(fn<&square>, numbers_to(3)), PoolStateError);
  EXPECT_THROW((void)pool.imap_unordered(fn<&square>, numbers_to(3)), PoolStateError);
}

TYPED_TEST(PoolImaps, P09_ImapGivesErrorsInTheirPlacesAndGoesOn) {
  auto pool = this->pool(2);
  for (const int chunksize : {1, 2, 10}) {
    auto results = pool.imap(fn<&fail_at_three>, numbers_to(6), chunksize);
    for (int number = 0; number < 3; ++number) EXPECT_EQ(results.next(), number);
    EXPECT_THROW(results.next(), std::out_of_range);
    for (int number = 4; number < 6; ++number) EXPECT_EQ(results.next(), number);
    EXPECT_EQ(results.next(), std::nullopt);
    EXPECT_EQ(results.next(), std::nullopt);
  }
}

TYPED_TEST(PoolImaps, P09_ImapCanBeWaitedForForAWhile) {
  Gate gate;
  auto pool = this->pool(1);
  auto results = pool.imap(fn<&wait_at_gate>, std::vector{gate.path()});
  EXPECT_THROW(results.next(1ms), TimeoutError);
  gate.open();
  EXPECT_EQ(results.next(), 1);
}

TYPED_TEST(PoolImaps, P10_ImapUnorderedGivesResultsAsTheyCome) {
  auto pool = this->pool(2);
  Gate gate;
  const auto either = [](const std::string& path) {
    if (path.size() > 1) wait_at(path);
    return path.size() > 1 ? std::string("late") : path;
  };
  auto results = pool.imap_unordered(either, std::vector{gate.path(), std::string("a"), std::string("b")});
  EXPECT_THAT((std::vector{*results.next(), *results.next()}), UnorderedElementsAre("a", "b"));
  gate.open();
  EXPECT_EQ(results.next(), "late");
  EXPECT_EQ(results.next(), std::nullopt);
  std::set<int> all;
  for (const int number : pool.imap_unordered(fn<&square>, numbers_to(100), 7)) all.insert(number);
  EXPECT_EQ(all.size(), 100u);
}

TYPED_TEST(PoolImaps, P11_WhatTheItemsThrowComesInItsPlace) {
  auto pool = this->pool(2);
  const auto failing = []() -> Generator<int> {
    for (int number = 0; number < 3; ++number) co_yield number;
    throw std::length_error("no more items");
  };
  auto results = pool.imap(fn<&square>, failing(), 2);
  for (int number = 0; number < 3; ++number) EXPECT_EQ(results.next(), number * number);
  EXPECT_THROW(results.next(), std::length_error);
  EXPECT_EQ(results.next(), std::nullopt);
  EXPECT_THROW(pool.map(fn<&square>, failing()), std::length_error);
  EXPECT_EQ(pool.apply(fn<&square>, 2), 4);
}

TYPED_TEST(PoolImaps, P18_ACloseInTheMiddleOfAnImapComesBehindWhatIsThere) {
  auto pool = this->pool(1);
  auto results = pool.imap(fn<&square>, numbers_to(1000));
  EXPECT_EQ(results.next(), 0);
  pool.close();
  int count = 1;
  EXPECT_THROW(while (results.next())++ count, PoolStateError);
  EXPECT_GE(count, 64);
  EXPECT_EQ(results.next(), std::nullopt);
}

}  // namespace
}  // namespace troupe::test
