// SPDX-License-Identifier: BSL-1.0
// How children come and go, and how a group gives up, stops and lives again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <climits>
#include <stdexcept>
#include <string>

#include "four_children.hpp"
#include "orders.hpp"

namespace troupe::supervision {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// --- who comes and goes

TEST(Group, WhoEndsCleanlyLeavesAndTheOthersStay) {
  for (const Strategy strategy : kAll) {
    Group group = four(strategy, {0, 30s});
    group.ended(2, Exit::clean, kStart);
    EXPECT_EQ(orders(group), "forget 2");
    EXPECT_FALSE(group.has(2));
    EXPECT_TRUE(group.has(3));
  }
}

TEST(Group, WhoEndsCleanlyBeforeTheOrderToEndLeaves) {
  Group group = four(Strategy::one_for_all);
  group.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 4");
  group.ended(3, Exit::clean, kStart);
  EXPECT_EQ(orders(group), "forget 3");
  group.ended(4, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(group), "end 2, start 1, start 2, start 4");
}

TEST(Group, WhoIsRemovedLeavesInWhateverState) {
  Group group = four(Strategy::one_for_all);
  group.removed(4);  // up
  EXPECT_EQ(orders(group), "forget 4");
  group.ended(1, Exit::crash, kStart);
  group.removed(1);  // down
  EXPECT_EQ(orders(group), "forget 1, end 3");
  group.removed(3);  // ending
  EXPECT_EQ(orders(group), "forget 3, end 2");
  group.ended(2, Exit::clean, kStart);
  EXPECT_EQ(orders(group), "start 2");
  group.removed(2);  // starting
  EXPECT_EQ(orders(group), "forget 2");
}

TEST(Group, WhoIsRemovedMakesWayForTheNext) {
  Group group = group_of(Strategy::rest_for_one, {});
  for (const ChildId child : {1, 2}) group.add(child);
  EXPECT_EQ(orders(group), "start 1");
  group.removed(1);
  EXPECT_EQ(orders(group), "forget 1, start 2");
}

TEST(Group, WhoDoesNotComeUpTheFirstTimeLeavesAndThatIsNoFailure) {
  for (const Exit exit : {Exit::crash, Exit::clean}) {
    Group group = four(Strategy::one_for_all, {0, 30s});
    group.add(5);
    EXPECT_EQ(orders(group), "start 5");
    group.ended(5, exit, kStart);
    EXPECT_EQ(orders(group), "forget 5");
  }
}

TEST(Group, WhoIsAddedDuringARestartIsStartedLast) {
  Group group = four(Strategy::one_for_all);
  group.ended(4, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 3");
  group.add(5);
  EXPECT_EQ(orders(group), "");
  group.ended(3, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(group), "end 2, end 1, start 1, start 2, start 3, start 4, start 5");
}

TEST(Group, WhoIsInItsFirstStartTakesPartInARestart) {
  Group group = four(Strategy::rest_for_one);
  group.add(5);
  EXPECT_EQ(orders(group), "start 5");
  group.ended(4, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 5");
  group.ended(5, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(group), "start 4, start 5");
}

TEST(Group, WhoHasComeUpOnceHasComeUpEvenIfItWasBeingEndedThen) {
  Group group = group_of(Strategy::one_for_all, {1, 30s});
  for (const ChildId child : {1, 2}) group.add(child);
  EXPECT_EQ(orders(group), "start 1");
  group.started(1);
  EXPECT_EQ(orders(group), "start 2");
  group.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 2");
  group.started(2);
  group.ended(2, Exit::clean, kStart);
  EXPECT_EQ(orders(group), "start 1");
  group.started(1);
  EXPECT_EQ(orders(group), "start 2");
  group.ended(2, Exit::crash, kStart);  // so this is no first start that failed
  EXPECT_EQ(orders_carried_out(group), "forget 2, end 1, forget 1, gave up");
}

TEST(Group, WhoIsAddedTwiceIsThereOnce) {
  Group group = four(Strategy::one_for_one);
  group.add(2);
  EXPECT_EQ(orders(group), "");
  group.removed(2);
  EXPECT_EQ(orders(group), "forget 2");
  EXPECT_FALSE(group.has(2));
}

// --- giving up, stopping, living again

TEST(Group, GivesUpAtOneFailureMoreThanItsIntensity) {
  for (const Strategy strategy : kAll) {
    Group group = four(strategy, {2, 30s});
    group.ended(4, Exit::crash, kStart);
    EXPECT_THAT(orders_carried_out(group), HasSubstr("start 4"));
    group.ended(4, Exit::crash, kStart + 1s);
    EXPECT_THAT(orders_carried_out(group), HasSubstr("start 4"));
    group.ended(4, Exit::crash, kStart + 30s);
    EXPECT_EQ(orders_carried_out(group), "forget 4, end 3, forget 3, end 2, forget 2, end 1, forget 1, gave up");
  }
}

TEST(Group, AFailureLongAgoIsForgiven) {
  Group group = four(Strategy::one_for_one, {1, 30s});
  group.ended(4, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(group), "start 4");
  group.ended(4, Exit::crash, kStart + 30s + 1ns);
  EXPECT_EQ(orders_carried_out(group), "start 4");
}

TEST(Group, OneThatMayLiveAgainKeepsItsChildren) {
  Group group = four(Strategy::one_for_one, {0, 30s}, Parting::for_now);
  group.ended(2, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(group), "end 4, end 3, end 1, gave up");
  group.start();
  EXPECT_EQ(orders_carried_out(group), "start 1, start 2, start 3, start 4, came up");
}

TEST(Group, WhoLivesAgainHasAllItsRestartsBeforeIt) {
  Group group = four(Strategy::one_for_one, {1, 30s}, Parting::for_now);
  for (int life = 0; life < 3; ++life) {
    group.ended(1, Exit::crash, kStart);
    EXPECT_EQ(orders_carried_out(group), "start 1");
    group.ended(1, Exit::crash, kStart);
    EXPECT_EQ(orders_carried_out(group), "end 4, end 3, end 2, gave up");
    group.start();
    EXPECT_EQ(orders_carried_out(group), "start 1, start 2, start 3, start 4, came up");
  }
}

TEST(Group, StopsFromTheYoungestOn) {
  for (const Strategy strategy : kAll) {
    Group for_now = four(strategy);
    for_now.stop(Parting::for_now);
    EXPECT_EQ(orders_carried_out(for_now), "end 4, end 3, end 2, end 1, stopped");

    Group for_good = four(strategy);
    for_good.stop(Parting::for_good);
    EXPECT_EQ(orders_carried_out(for_good), "end 4, forget 4, end 3, forget 3, end 2, forget 2, end 1, forget 1, stopped");
  }
}

TEST(Group, NothingCountsWhileItStops) {
  Group group = four(Strategy::one_for_one, {0, 30s}, Parting::for_now);
  group.stop(Parting::for_now);
  EXPECT_EQ(orders(group), "end 4");
  group.ended(2, Exit::crash, kStart);
  group.ended(4, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(group), "end 3, end 1, stopped");
}

TEST(Group, StopsInTheMidstOfARestart) {
  Group group = four(Strategy::one_for_all);
  group.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 4");
  group.stop(Parting::for_good);
  EXPECT_EQ(orders(group), "forget 1");
  group.ended(4, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(group), "forget 4, end 3, forget 3, end 2, forget 2, stopped");
}

TEST(Group, StopsThoseThatAreStarting) {
  Group group = group_of(Strategy::one_for_one, {});
  for (const ChildId child : {1, 2}) group.add(child);
  EXPECT_EQ(orders(group), "start 1, start 2");
  group.stop(Parting::for_now);
  EXPECT_EQ(orders_carried_out(group), "end 2, end 1, stopped");
}

TEST(Group, WhoIsStoppedWhileItGivesUpIsStopped) {
  Group group = four(Strategy::one_for_one, {0, 30s}, Parting::for_now);
  group.ended(4, Exit::crash, kStart);
  EXPECT_EQ(orders(group), "end 3");
  group.stop(Parting::for_now);
  group.ended(3, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(group), "end 2, end 1, stopped");
}

TEST(Group, ForGoodIsForGood) {
  Group group = four(Strategy::one_for_one);
  group.stop(Parting::for_good);
  group.stop(Parting::for_now);
  orders_carried_out(group);
  group.start();
  EXPECT_EQ(orders(group), "");
  group.add(5);
  EXPECT_EQ(orders(group), "forget 5");
}

TEST(Group, OneThatIsDownForgetsItsChildrenWhenItIsStoppedForGood) {
  Group group = four(Strategy::one_for_one, {}, Parting::for_now);
  group.stop(Parting::for_now);
  orders_carried_out(group);
  group.add(5);
  EXPECT_EQ(orders(group), "");
  group.stop(Parting::for_good);
  EXPECT_EQ(orders(group), "forget 1, forget 2, forget 3, forget 4, forget 5, stopped");
}

TEST(Group, WithoutChildrenItIsUpAtOnceAndStopsAtOnce) {
  for (const Strategy strategy : kAll) {
    Group group = group_of(strategy, {});
    EXPECT_EQ(orders(group), "came up");
    group.stop(Parting::for_good);
    EXPECT_EQ(orders(group), "stopped");
  }
}

// --- options that nobody can follow

std::string complaint(const GroupOptions& options) {
  try {
    check(options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(GroupOptions, AWindowHasALengthIfItIsUsed) {
  EXPECT_THAT(complaint({.intensity = {3, 0s}}), HasSubstr("GroupOptions::intensity.within must be longer than zero"));
  EXPECT_THAT(complaint({.intensity = {3, -1s}}), HasSubstr("GroupOptions::intensity.within must be longer than zero"));
  EXPECT_EQ(complaint({.intensity = {0, 0s}}), "none");
}

TEST(GroupOptions, AStrategyIsOneOfThree) {
  EXPECT_THAT(complaint({.strategy = static_cast<Strategy>(3)}), HasSubstr("GroupOptions::strategy must be"));
}

TEST(GroupOptions, TheOnesInUseAreFine) {
  EXPECT_EQ(complaint({}), "none");
  EXPECT_EQ(complaint({.strategy = Strategy::rest_for_one, .intensity = {UINT_MAX, {}}}), "none");
}

}  // namespace
}  // namespace troupe::supervision
