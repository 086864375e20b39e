// SPDX-License-Identifier: BSL-1.0
#include "supervision/supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "orders.hpp"

namespace troupe::supervision {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr ChildId kTop = Supervisor::kTop;
constexpr ChildId kUpper = 10;
constexpr ChildId kLower = 20;

// kUpper has actor 1, then kLower with actors 21 and 22, then actor 2. All are up.
Supervisor tree(const GroupOptions& upper, const GroupOptions& lower) {
  Supervisor supervisor;
  supervisor.add_group(kUpper, kTop, upper);
  supervisor.add(kUpper, 1);
  supervisor.add_group(kLower, kUpper, lower);
  supervisor.add(kLower, 21);
  supervisor.add(kLower, 22);
  supervisor.add(kUpper, 2);
  orders_carried_out(supervisor);
  return supervisor;
}

Supervisor tree(Strategy upper, Strategy lower) { return tree({.strategy = upper}, {.strategy = lower}); }

TEST(Supervisor, StartsATreeFromTheOldestOn) {
  Supervisor supervisor;
  supervisor.add_group(kUpper, kTop, {.strategy = Strategy::one_for_all});
  supervisor.add(kUpper, 1);
  supervisor.add_group(kLower, kUpper, {.strategy = Strategy::one_for_all});
  supervisor.add(kLower, 21);
  supervisor.add(kLower, 22);
  supervisor.add(kUpper, 2);
  EXPECT_EQ(orders(supervisor), "start 1");
  supervisor.started(1);
  EXPECT_EQ(orders(supervisor), "start 21");
  supervisor.started(21);
  EXPECT_EQ(orders(supervisor), "start 22");
  supervisor.started(22);
  EXPECT_EQ(orders(supervisor), "start 2");
}

TEST(Supervisor, StopsATreeFromTheYoungestOnAndForgetsAGroupAfterWhatIsInIt) {
  Supervisor supervisor = tree(Strategy::one_for_one, Strategy::one_for_one);
  supervisor.stop(kUpper);
  EXPECT_EQ(orders_carried_out(supervisor),
            "end 2, forget 2, end 22, forget 22, end 21, forget 21, forget 20, end 1, forget 1, forget 10");
  EXPECT_FALSE(supervisor.has(kUpper));
  EXPECT_FALSE(supervisor.has(kLower));
}

TEST(Supervisor, StopsABranchAndLeavesTheRestAlone) {
  for (const Strategy strategy : {Strategy::one_for_one, Strategy::one_for_all, Strategy::rest_for_one}) {
    Supervisor supervisor = tree(strategy, strategy);
    supervisor.stop(kLower);
    EXPECT_EQ(orders_carried_out(supervisor), "end 22, forget 22, end 21, forget 21, forget 20");
    EXPECT_TRUE(supervisor.has(1));
    EXPECT_TRUE(supervisor.has(2));
  }
}

TEST(Supervisor, AFailureIsAMatterOfItsOwnGroup) {
  Supervisor supervisor = tree(Strategy::one_for_all, Strategy::one_for_all);
  supervisor.ended(22, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(supervisor), "end 21, start 21, start 22");
}

TEST(Supervisor, ARestartTakesTheGroupsBelowAlong) {
  Supervisor supervisor = tree(Strategy::one_for_all, Strategy::one_for_one);
  supervisor.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(supervisor), "end 2, end 22, end 21, start 1, start 21, start 22, start 2");
}

TEST(Supervisor, AGroupThatGivesUpIsAChildThatFailed) {
  const GroupOptions none = {.intensity = {0, 30s}};

  Supervisor alone = tree({.strategy = Strategy::one_for_one}, none);
  alone.ended(21, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(alone), "end 22, gave up 20, start 21, start 22");

  Supervisor rest = tree({.strategy = Strategy::rest_for_one}, none);
  rest.ended(21, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(rest), "end 22, gave up 20, end 2, start 21, start 22, start 2");

  Supervisor all = tree({.strategy = Strategy::one_for_all}, none);
  all.ended(21, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(all), "end 22, gave up 20, end 2, end 1, start 1, start 21, start 22, start 2");
}

TEST(Supervisor, GivingUpGoesToTheTop) {
  const GroupOptions none = {.intensity = {0, 30s}};
  Supervisor supervisor = tree(none, none);
  supervisor.ended(21, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(supervisor),
            "end 22, gave up 20, forget 21, forget 22, forget 20, end 2, forget 2, end 1, forget 1, gave up 10, forget 10");
  EXPECT_FALSE(supervisor.has(kUpper));
}

TEST(Supervisor, EachLifeOfAGroupHasAllItsRestartsBeforeItAndTheGroupAboveCountsTheLives) {
  Supervisor supervisor = tree({.intensity = {1, 30s}}, {.intensity = {1, 30s}});
  const auto crash = [&] {
    supervisor.ended(22, Exit::crash, kStart);
    return orders_carried_out(supervisor);
  };
  EXPECT_EQ(crash(), "start 22");
  EXPECT_EQ(crash(), "end 21, gave up 20, start 21, start 22");
  EXPECT_EQ(crash(), "start 22");
  EXPECT_THAT(crash(), HasSubstr("gave up 10"));
}

TEST(Supervisor, TheGroupAboveCountsAtTheTimeThatItHears) {
  Supervisor supervisor = tree({.intensity = {1, 30s}}, {.intensity = {0, 30s}});
  supervisor.ended(22, Exit::crash, kStart);
  EXPECT_EQ(orders(supervisor, kStart), "end 21");
  supervisor.ended(21, Exit::clean, kStart + 40s);
  EXPECT_EQ(orders_carried_out(supervisor, kStart + 40s), "gave up 20, start 21, start 22");

  supervisor.ended(1, Exit::crash, kStart + 60s);
  EXPECT_THAT(orders_carried_out(supervisor, kStart + 60s), HasSubstr("gave up 10"));
}

TEST(Supervisor, AGroupThatGivesUpInItsFirstStartIsAFailureToo) {
  Supervisor supervisor;
  supervisor.add_group(kUpper, kTop, {.strategy = Strategy::one_for_all});
  supervisor.add(kUpper, 1);
  supervisor.add_group(kLower, kUpper, {.intensity = {0, 30s}});
  supervisor.add(kLower, 21);
  supervisor.add(kLower, 22);
  EXPECT_EQ(orders(supervisor), "start 1");
  supervisor.started(1);
  EXPECT_EQ(orders(supervisor), "start 21, start 22");
  supervisor.started(21);
  supervisor.ended(21, Exit::crash, kStart);
  EXPECT_EQ(orders_carried_out(supervisor), "end 22, gave up 20, end 1, start 1, start 21, start 22");
}

TEST(Supervisor, WhoIsAddedToAGroupThatIsDownWaitsForIt) {
  Supervisor supervisor = tree(Strategy::one_for_all, Strategy::one_for_one);
  supervisor.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(supervisor), "end 2");
  supervisor.ended(2, Exit::clean, kStart);
  EXPECT_EQ(orders(supervisor), "end 22");
  EXPECT_TRUE(supervisor.add(kLower, 23));
  EXPECT_EQ(orders(supervisor), "");
  supervisor.ended(22, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(supervisor), "end 21, start 1, start 21, start 22, start 23, start 2");
}

TEST(Supervisor, AGroupMayBeStoppedForGoodInTheMidstOfARestart) {
  Supervisor supervisor = tree(Strategy::one_for_all, Strategy::one_for_one);
  supervisor.ended(1, Exit::crash, kStart);
  supervisor.ended(2, Exit::crash, kStart);
  EXPECT_EQ(orders(supervisor), "end 22");
  supervisor.stop(kLower);
  supervisor.ended(22, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(supervisor), "forget 22, end 21, forget 21, forget 20, start 1, start 2");
}

TEST(Supervisor, WhatWasEndedForARestartIsForgottenWhenAllIsStopped) {
  Supervisor supervisor = tree(Strategy::one_for_all, Strategy::one_for_one);
  supervisor.ended(1, Exit::crash, kStart);
  EXPECT_EQ(orders(supervisor), "end 2");
  supervisor.stop(kUpper);
  supervisor.ended(2, Exit::clean, kStart);
  EXPECT_EQ(orders_carried_out(supervisor), "forget 1, forget 2, end 22, forget 22, end 21, forget 21, forget 20, forget 10");
}

TEST(Supervisor, AGroupThatIsDownMayBeStoppedForGood) {
  Supervisor supervisor = tree(Strategy::one_for_all, Strategy::one_for_one);
  supervisor.ended(1, Exit::crash, kStart);
  for (const ChildId child : {2, 22, 21}) {
    EXPECT_EQ(orders(supervisor), fmt::format("end {}", child));
    supervisor.ended(child, Exit::clean, kStart);
  }
  EXPECT_EQ(orders(supervisor), "start 1");
  supervisor.stop(kLower);
  EXPECT_EQ(orders_carried_out(supervisor), "forget 21, forget 22, forget 20");
  supervisor.started(1);
  EXPECT_EQ(orders_carried_out(supervisor), "start 2");
}

TEST(Supervisor, WhoIsRemovedIsForgotten) {
  Supervisor supervisor = tree(Strategy::one_for_all, Strategy::one_for_all);
  supervisor.removed(21);
  EXPECT_EQ(orders(supervisor), "forget 21");
  EXPECT_FALSE(supervisor.has(21));
}

TEST(Supervisor, WhoIsUnknownChangesNothing) {
  Supervisor supervisor = tree({.intensity = {0, 30s}}, {.intensity = {0, 30s}});
  for (const ChildId nobody : {ChildId{99}, kTop}) {
    supervisor.started(nobody);
    supervisor.ended(nobody, Exit::crash, kStart);
    supervisor.removed(nobody);
    supervisor.stop(nobody);
    EXPECT_EQ(orders(supervisor), "");
  }
}

TEST(Supervisor, NobodyReportsAboutAGroupButTheGroupItself) {
  Supervisor supervisor = tree({.intensity = {0, 30s}}, {.intensity = {0, 30s}});
  supervisor.ended(kLower, Exit::crash, kStart);
  supervisor.removed(kLower);
  EXPECT_EQ(orders(supervisor), "");
  EXPECT_TRUE(supervisor.has(kLower));
}

TEST(Supervisor, TakesNobodyTwiceAndNobodyIntoAGroupThatHasBeenStopped) {
  Supervisor supervisor = tree(Strategy::one_for_one, Strategy::one_for_one);
  EXPECT_FALSE(supervisor.add(kUpper, 1));
  EXPECT_FALSE(supervisor.add(kLower, 1));
  EXPECT_FALSE(supervisor.add(kUpper, kLower));
  EXPECT_FALSE(supervisor.add(kUpper, kTop));
  EXPECT_FALSE(supervisor.add(99, 3));
  supervisor.stop(kLower);
  EXPECT_FALSE(supervisor.add(kLower, 23));
}

TEST(Supervisor, KnowsWhoLeavesAndWhichGroupGivesUp) {
  Supervisor supervisor = tree({.intensity = {.max = 0}}, {});
  supervisor.ended(21, Exit::crash, kStart);
  EXPECT_FALSE(supervisor.is_leaving(21));
  EXPECT_FALSE(supervisor.ends_for_good(2));
  supervisor.ended(2, Exit::clean, kStart);
  EXPECT_TRUE(supervisor.is_leaving(2));
  EXPECT_FALSE(supervisor.is_giving_up(kUpper));
  supervisor.ended(1, Exit::crash, kStart);
  EXPECT_TRUE(supervisor.is_leaving(1));
  EXPECT_TRUE(supervisor.ends_for_good(1));
  EXPECT_TRUE(supervisor.is_giving_up(kUpper));
  EXPECT_FALSE(supervisor.is_giving_up(kLower));
  supervisor.stop(kUpper);
  EXPECT_FALSE(supervisor.is_giving_up(kUpper));
}

std::string complaint(Supervisor& supervisor, ChildId group, ChildId parent, const GroupOptions& options = {}) {
  try {
    supervisor.add_group(group, parent, options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(Supervisor, SaysWhatIsWrongWithAGroup) {
  Supervisor supervisor = tree(Strategy::one_for_one, Strategy::one_for_one);
  EXPECT_THAT(complaint(supervisor, 30, 30), HasSubstr("parent: a group cannot supervise itself"));
  EXPECT_THAT(complaint(supervisor, kUpper, kLower), HasSubstr("group: its id is in use"));
  EXPECT_THAT(complaint(supervisor, 1, kTop), HasSubstr("group: its id is in use"));
  EXPECT_THAT(complaint(supervisor, 30, 99), HasSubstr("parent: there is no such group"));
  EXPECT_THAT(complaint(supervisor, 30, kTop, {.intensity = {1, 0s}}), HasSubstr("GroupOptions::intensity.within"));
  EXPECT_EQ(complaint(supervisor, 30, kLower), "none");
  supervisor.stop(kLower);
  EXPECT_THAT(complaint(supervisor, 40, kLower), HasSubstr("parent: there is no such group"));
}

}  // namespace
}  // namespace troupe::supervision
