// SPDX-License-Identifier: BSL-1.0
// All interleavings of what threads may do with one result: of completing, starting, cancelling, waiting, looking, of adding
// callbacks and taking them out, of dropping. What is promised stands in CellWorld.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cell_world.hpp"
#include "tests/channel/model/expect.hpp"

namespace troupe::model {
namespace {

using Acts = std::vector<Act>;

const Acts kCompleting = {Act::set_value, Act::set_error, Act::work, Act::reply, Act::arrival, Act::cancel};
const Acts kLooking = {Act::wait, Act::wait_timed, Act::take, Act::read, Act::copy, Act::watch};
const Acts kAdding = {Act::add, Act::add_remove, Act::add_waiter};

Acts operator+(Acts all, const Acts& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// A value is decoded in place by one reader, into the cell of a call; it is nobody else's to make.
bool can_be(const CellPlan& plan) {
  const auto readers = plan.count(Act::reply) + plan.count(Act::arrival);
  return readers == 0 || (readers == 1 && !plan.has(Act::set_value) && !plan.has(Act::work));
}

// Programs, all of which are explored; stops at the first that breaks a promise.
class Programs {
 public:
  void explore(const CellPlan& plan, const Limits& limits = {}) {
    if (!can_be(plan) || !sum_.failure.empty()) return;
    ++count_;
    const Outcome outcome = explore_cell(plan, limits);
    sum_.executions += outcome.executions;
    sum_.complete += outcome.complete;
    sum_.states += outcome.states;
    if (!outcome.failure.empty()) sum_.failure = outcome.failure + plan.text();
  }
  void expect_kept() const { model::expect_kept(sum_, fmt::format("{} programs", count_)); }

 private:
  Outcome sum_;
  std::size_t count_ = 0;
};

TEST(CellModel, AnyTwoThreadsKeepThePromises) {
  Programs programs;
  const Acts others = kCompleting + kLooking + kAdding;
  for (const Act first : kCompleting) {
    for (const Act second : others) programs.explore({{first, second}});
  }
  programs.expect_kept();
}

TEST(CellModel, AnyTwoThreadsBesideThatOfTheCallbacksKeepThePromises) {
  Programs programs;
  const Acts others = kCompleting + kLooking + kAdding + Acts{Act::wait_in_callback};
  for (const Act first : kCompleting) {
    for (const Act second : others) programs.explore({{first, second}, true});
  }
  programs.expect_kept();
}

// Each triple without a thread for callbacks: five minutes. Below are those in which three threads meet that pairs cannot show.
TEST(CellModel, DISABLED_AnyThreeThreadsKeepThePromises) {
  Programs programs;
  const Acts all = kCompleting + kLooking + kAdding;
  for (std::size_t first = 0; first < kCompleting.size(); ++first) {
    for (std::size_t second = first; second < all.size(); ++second) {
      for (std::size_t third = second; third < all.size(); ++third) programs.explore({{all[first], all[second], all[third]}});
    }
  }
  programs.expect_kept();
}

TEST(CellModel, TwoThatCompleteAndAThirdKeepThePromises) {
  Programs programs;
  const Acts thirds = kCompleting + Acts{Act::wait, Act::read, Act::watch, Act::add_waiter};
  for (std::size_t first = 0; first < kCompleting.size(); ++first) {
    for (std::size_t second = first; second < kCompleting.size(); ++second) {
      for (const Act third : thirds) programs.explore({{kCompleting[first], kCompleting[second], third}});
    }
  }
  programs.explore({{Act::work, Act::cancel, Act::wait_timed}});
  programs.expect_kept();
}

TEST(CellModel, TwoThatLookBesideOneThatCompletesKeepThePromises) {
  Programs programs;
  const Acts looking = {Act::wait, Act::take, Act::read, Act::copy, Act::watch};
  for (const Act first : kCompleting) {
    for (std::size_t second = 0; second < looking.size(); ++second) {
      for (std::size_t third = second; third < looking.size(); ++third)
        programs.explore({{first, looking[second], looking[third]}});
    }
  }
  for (const Act third : kLooking) programs.explore({{Act::set_value, Act::wait_timed, third}});
  programs.expect_kept();
}

TEST(CellModel, ACallbackAndOneThatLooksKeepThePromises) {
  Programs programs;
  for (const Act first : {Act::set_value, Act::arrival}) {
    for (const Act added : kAdding) {
      for (const Act third : {Act::wait, Act::take, Act::read, Act::watch}) programs.explore({{first, added, third}});
    }
  }
  programs.expect_kept();
}

TEST(CellModel, AnyTwoCallbacksKeepThePromises) {
  Programs programs;
  for (std::size_t first = 0; first < kAdding.size(); ++first) {
    for (std::size_t second = first; second < kAdding.size(); ++second)
      programs.explore({{Act::set_value, kAdding[first], kAdding[second]}});
  }
  programs.expect_kept();
}

TEST(CellModel, CallbacksInAThreadOfTheirOwnKeepThePromises) {
  Programs programs;
  programs.explore({{Act::set_value, Act::add, Act::read}, true});
  programs.explore({{Act::set_value, Act::add, Act::copy}, true});
  programs.expect_kept();
}

TEST(CellModel, FourThreadsKeepThePromises) {
  Programs programs;
  programs.explore({{Act::work, Act::cancel, Act::read, Act::copy}});
  programs.explore({{Act::set_value, Act::set_error, Act::cancel, Act::read}});
  programs.explore({{Act::arrival, Act::read, Act::read, Act::copy}});
  programs.explore({{Act::reply, Act::set_error, Act::take, Act::read}});
  programs.expect_kept();
}

TEST(CellModel, WakeUpsForNoReasonDoNoHarm) {
  Programs programs;
  for (const Act first : {Act::set_value, Act::arrival, Act::cancel})
    programs.explore({{first, Act::wait, Act::wait_timed}}, {.spurious_wakes = 1});
  programs.expect_kept();
}

TEST(CellModel, AWaitWithoutAnOutcomeEndsAtItsTime) {
  Programs programs;
  programs.explore({{Act::wait_timed}});
  programs.explore({{Act::wait_timed, Act::wait_timed}});
  programs.explore({{Act::wait_timed, Act::promote, Act::watch}});
  programs.expect_kept();
}

TEST(CellModel, AFollowerLearnsThatItIsPromotedOrThatTheOutcomeIsThere) {
  Programs programs;
  programs.explore({{Act::promote, Act::follow}});
  programs.explore({{Act::promote, Act::follow, Act::watch}});
  for (const Act first : {Act::set_value, Act::reply, Act::cancel}) {
    programs.explore({{first, Act::follow, Act::follow}});
    programs.explore({{first, Act::promote, Act::follow}});
    programs.explore({{first, Act::promote, Act::wait}});
  }
  programs.expect_kept();
}

// Whatever another one that sleeps on the result is told meanwhile.
TEST(CellModel, AWaitThatWouldBeForEverEnds) {
  Programs programs;
  programs.explore({{Act::lead, Act::nudge}});
  programs.explore({{Act::lead, Act::nudge, Act::follow, Act::promote}});
  for (const Act first : {Act::set_value, Act::reply, Act::cancel}) programs.explore({{first, Act::lead, Act::nudge}});
  programs.expect_kept();
}

}  // namespace
}  // namespace troupe::model
