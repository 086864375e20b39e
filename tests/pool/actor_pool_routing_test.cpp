// SPDX-License-Identifier: BSL-1.0
#include "pool/actor_pool_routing.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace troupe::pool {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

struct Table {
  struct Row {
    std::uint64_t place = 0;
    std::uint64_t load = 0;
    bool may_take = true;
  };
  std::size_t size() const { return rows.size(); }
  bool may_take(std::size_t i) const { return rows[i].may_take; }
  std::uint64_t load(std::size_t i) const { return rows[i].load; }
  std::uint64_t place(std::size_t i) const { return rows[i].place; }

  std::vector<Row> rows;
};

Table table_of(std::size_t count) {
  Table table;
  for (std::size_t i = 0; i < count; ++i) table.rows.push_back({.place = i});
  return table;
}

std::vector<std::size_t> draw(Router& router, const Table& table, int count) {
  std::vector<std::size_t> drawn;
  for (int i = 0; i < count; ++i) drawn.push_back(router.next(table).value());
  return drawn;
}

TEST(PoolRouting, RoundRobinTakesEachInItsTurn) {
  Router router(Routing::round_robin, 1);
  EXPECT_THAT(draw(router, table_of(4), 6), ElementsAre(0, 1, 2, 3, 0, 1));
}

TEST(PoolRouting, RoundRobinPassesOverWhoMayTakeNone) {
  Router router(Routing::round_robin, 1);
  Table table = table_of(4);
  table.rows[1].may_take = false;
  EXPECT_THAT(draw(router, table, 5), ElementsAre(0, 2, 3, 0, 2));
}

TEST(PoolRouting, RoundRobinGoesOnWhenThereAreFewer) {
  Router router(Routing::round_robin, 1);
  draw(router, table_of(4), 3);
  EXPECT_THAT(draw(router, table_of(2), 3), ElementsAre(0, 1, 0));
}

TEST(PoolRouting, LeastLoadedTakesWhoHasLeast) {
  Router router(Routing::least_loaded, 1);
  Table table = table_of(3);
  table.rows[0].load = 2;
  table.rows[1].load = 1;
  table.rows[2].load = 3;
  EXPECT_THAT(draw(router, table, 3), Each(1));
}

TEST(PoolRouting, LeastLoadedTakesEquallyLoadedOnesInTurn) {
  Router router(Routing::least_loaded, 1);
  Table table = table_of(4);
  table.rows[2].load = 1;
  EXPECT_THAT(draw(router, table, 5), ElementsAre(0, 1, 3, 0, 1));
}

TEST(PoolRouting, RandomTakesAllAlike) {
  Router router(Routing::random, 7);
  Table table = table_of(5);
  table.rows[3].may_take = false;
  std::vector<int> counts(5);
  for (const std::size_t each : draw(router, table, 40'000)) ++counts[each];
  EXPECT_EQ(counts[3], 0);
  for (const std::size_t each : {0, 1, 2, 4}) EXPECT_NEAR(counts[each], 10'000, 600) << each;
}

TEST(PoolRouting, SaysThatNobodyMayTakeIt) {
  Table table = table_of(2);
  for (auto& row : table.rows) row.may_take = false;
  for (const Routing routing : {Routing::round_robin, Routing::least_loaded, Routing::random, Routing::consistent_hash}) {
    Router router(routing, 1);
    EXPECT_FALSE(router.next(table));
    EXPECT_FALSE(router.next(Table()));
  }
  EXPECT_FALSE(Router::of_key(table, 5));
}

TEST(PoolRouting, AKeyStaysWithItsMember) {
  for (std::uint64_t key = 0; key < 1000; ++key) EXPECT_EQ(Router::of_key(table_of(7), key), Router::of_key(table_of(7), key));
}

TEST(PoolRouting, NeighbouringKeysAreSpreadEvenly) {
  constexpr int kKeys = 70'000, kMembers = 7, kEach = kKeys / kMembers;
  std::vector<int> counts(kMembers);
  for (std::uint64_t key = 0; key < kKeys; ++key) ++counts[*Router::of_key(table_of(kMembers), key)];
  for (const int count : counts) EXPECT_NEAR(count, kEach, 600);
}

TEST(PoolRouting, WhoLeavesTakesOnlyItsOwnKeysAlong) {
  const Table before = table_of(7);
  Table after = before;
  after.rows.erase(after.rows.begin() + 3);
  for (std::uint64_t key = 0; key < 10'000; ++key) {
    const std::uint64_t was = before.place(*Router::of_key(before, key));
    const std::uint64_t is = after.place(*Router::of_key(after, key));
    ASSERT_TRUE(is == was || was == 3) << key;
  }
}

TEST(PoolRouting, WhoJoinsTakesOnlyItsShare) {
  int moved = 0;
  for (std::uint64_t key = 0; key < 80'000; ++key) {
    const std::size_t was = *Router::of_key(table_of(7), key);
    const std::size_t is = *Router::of_key(table_of(8), key);
    if (is == was) continue;
    ASSERT_EQ(is, 7U);
    ++moved;
  }
  EXPECT_NEAR(moved, 10'000, 600);
}

TEST(PoolRouting, KeysOfWhoMayTakeNoneGoElsewhereAndNoOthers) {
  Table table = table_of(5);
  table.rows[2].may_take = false;
  for (std::uint64_t key = 0; key < 1000; ++key) {
    const std::size_t own = *Router::of_key(table_of(5), key);
    const std::size_t now = *Router::of_key(table, key);
    EXPECT_NE(now, 2U);
    EXPECT_TRUE(now == own || own == 2) << key;
  }
}

TEST(PoolRouting, TextOfAnyTypeIsOneKey) {
  const char text[] = "user 7";
  EXPECT_EQ(detail::key_hash(text), detail::key_hash(std::string("user 7")));
  EXPECT_EQ(detail::key_hash(text), detail::key_hash(std::string_view("user 7")));
  EXPECT_NE(detail::key_hash(text), detail::key_hash(std::string("user 8")));
}

}  // namespace
}  // namespace troupe::pool
