// SPDX-License-Identifier: BSL-1.0
// Which children a group ends and starts when one fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "four_children.hpp"
#include "orders.hpp"

namespace troupe::supervision {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string after_crash_of(ChildId child, Strategy strategy) {
  Group group = four(strategy);
  group.ended(child, Exit::crash, kStart);
  return orders_carried_out(group);
}

TEST(Group, OneForOneStartsWhoFailed) {
  EXPECT_EQ(after_crash_of(1, Strategy::one_for_one), "start 1");
  EXPECT_EQ(after_crash_of(3, Strategy::one_for_one), "start 3");
  EXPECT_EQ(after_crash_of(4, Strategy::one_for_one), "start 4");
}

TEST(Group, OneForAllEndsTheOthersFromTheYoungestOnAndStartsAllFromTheOldestOn) {
  EXPECT_EQ(after_crash_of(1, Strategy::one_for_all), "end 4, end 3, end 2, start 1, start 2, start 3, start 4");
  EXPECT_EQ(after_crash_of(3, Strategy::one_for_all), "end 4, end 2, end 1, start 1, start 2, start 3, start 4");
  EXPECT_EQ(after_crash_of(4, Strategy::one_for_all), "end 3, end 2, end 1, start 1, start 2, start 3, start 4");
}

TEST(Group, RestForOneLeavesTheOlderOnesAlone) {
  EXPECT_EQ(after_crash_of(1, Strategy::rest_for_one), "end 4, end 3, end 2, start 1, start 2, start 3, start 4");
  EXPECT_EQ(after_crash_of(3, Strategy::rest_for_one), "end 4, start 3, start 4");
  EXPECT_EQ(after_crash_of(4, Strategy::rest_for_one), "start 4");
}

TEST(Group, EndsOneAfterTheOther) {
  Group group = four(Strategy::one_for_all);
  group.ended(2, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 4");
  group.ended(4, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 3");
  group.ended(3, Exit::clean, kStart);
  EXPECT_EQ(orders(group), "end 1");
  group.ended(1, Exit::clean, kStart);
  EXPECT_EQ(orders(group), "start 1");
}

TEST(Group, StartsOneAfterTheOtherWhereOneMayDependOnTheOther) {
  for (const Strategy strategy : {Strategy::one_for_all, Strategy::rest_for_one}) {
    Group group = group_of(strategy, {});
    for (const ChildId child : {1, 2, 3}) group.add(child);
    EXPECT_EQ(orders(group), "start 1");
    group.started(1);
    EXPECT_EQ(orders(group), "start 2");
    group.started(2);
    EXPECT_EQ(orders(group), "start 3");
    group.started(3);
    EXPECT_EQ(orders(group), "came up");
  }
}

TEST(Group, StartsAllAtOnceWhereNobodyDependsOnAnother) {
  Group group = group_of(Strategy::one_for_one, {});
  for (const ChildId child : {1, 2, 3}) group.add(child);
  EXPECT_EQ(orders(group), "start 1, start 2, start 3");
  group.started(3);
  group.started(2);
  EXPECT_EQ(orders(group), "");
  group.started(1);
  EXPECT_EQ(orders(group), "came up");
}

TEST(Group, ARestartWaitsForNobodyWhereNobodyDependsOnAnother) {
  Group group = four(Strategy::one_for_one);
  group.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "start 1");
  group.ended(3, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "start 3");
}

// --- what happens meanwhile

TEST(Group, WhatAChildMakesOfAnOrderToEndIsNoFailure) {
  Group group = four(Strategy::one_for_all, {1, 30s});
  group.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 4");
  group.ended(4, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(group), "end 3, end 2, start 1, start 2, start 3, start 4");
}

TEST(Group, WhoCrashesBeforeTheOrderToEndIsPartOfTheSameRestart) {
  Group group = four(Strategy::one_for_all, {1, 30s});
  group.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 4");
  group.ended(2, Exit::crash, kStart);
  group.ended(3, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "");
  group.ended(4, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(group), "start 1, start 2, start 3, start 4");
}

TEST(Group, AFailureOutsideTheRestartCountsAndWidensIt) {
  Group group = four(Strategy::rest_for_one, {2, 30s});
  group.ended(3, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 4");
  group.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "");
  group.ended(4, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(group), "end 2, start 1, start 2, start 3, start 4");

  group.ended(4, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(group), "forget 4, end 3, forget 3, end 2, forget 2, end 1, forget 1, gave up");
}

TEST(Group, AFailureWhileTheOthersAreStillToStartBeginsTheRestartAnew) {
  Group group = four(Strategy::one_for_all, {2, 30s});
  group.ended(4, Exit::crash, kStart);
  for (const ChildId child : {3, 2, 1}) {
    EXPECT_EQ(orders(group), fmt::format("end {}", child));
    group.ended(child, Exit::clean, kStart);
  }
  EXPECT_EQ(orders(group), "start 1");
  group.started(1);
  EXPECT_EQ(orders(group), "start 2");
  group.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 2");
  group.started(2);  // the report crossed the order
  EXPECT_EQ(orders(group), "");
  group.ended(2, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(group), "start 1, start 2, start 3, start 4");
}

TEST(Group, ARestartThatFailsCountsAgain) {
  Group group = four(Strategy::one_for_one, {2, 30s});
  group.ended(2, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "start 2");
  group.ended(2, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "start 2");
  group.ended(2, Exit::crash, kStart);
  EXPECT_THAT(orders_carried_out(group), HasSubstr("gave up"));
}

TEST(Group, AnEndCountsOnceHoweverOftenItIsReported) {
  Group group = four(Strategy::one_for_one, {1, 30s});
  group.ended(2, Exit::crash, kStart);
  group.ended(2, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "start 2");
}

TEST(Group, WhoIsUnknownChangesNothing) {
  for (const Strategy strategy : kAll) {
    Group group = four(strategy, {0, 30s});
    group.started(9);
    group.ended(9, Exit::crash, kStart);
    group.removed(9);
    EXPECT_EQ(orders(group), "");
  }
}

}  // namespace
}  // namespace troupe::supervision
