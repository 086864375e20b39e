// SPDX-License-Identifier: BSL-1.0
// That each part of the protocol is needed: without it, the explorer finds the promise that breaks.
#include <gtest/gtest.h>

#include "channel_world.hpp"
#include "expect.hpp"

namespace troupe::model {
namespace {

TEST(ChannelModel, ARingWithoutAFenceWhereThereIsNoStartLosesAWakeUp) {
  expect_broken(explore_channel({.calls = 1, .ringing = Ringing::unfenced, .can_die = false}), "nobody waits for ever");
}

TEST(ChannelModel, ASenderWithoutAFenceLosesAWakeUp) {
  expect_broken(explore_channel({.calls = 1, .sending = Sending::unfenced, .can_die = false}), "nobody waits for ever");
}

TEST(ChannelModel, AClientThatDoesNotWatchTheLifeWordWaitsForEver) {
  expect_broken(explore_channel({.calls = 1, .watches_life = false}), "nobody waits for ever");
}

TEST(ChannelModel, AHostThatRearmsAfterTheReplyRevivesACancelledCall) {
  expect_broken(explore_channel({.calls = 2, .can_die = false, .cancelled = 1, .rearms_before_reply = false}),
                "a call that was cancelled never runs");
}

TEST(ChannelModel, AJudgeThatDoesNotLookAgainTakesARefusalForDone) {
  expect_broken(explore_channel(
                    {.calls = 1, .refused = 1, .can_die = false, .can_be_mistaken_for_dead = true, .judge_drains_twice = false}),
                "a call that was judged done has run to its end");
}

TEST(ChannelModel, AClientThatDoesNotAskForRoomWaitsForEverBehindATell) {
  expect_broken(explore_channel({.calls = 2, .slots = 1, .tells = 1, .can_die = false, .asks_for_room = false}),
                "nobody waits for ever");
}

}  // namespace
}  // namespace troupe::model
