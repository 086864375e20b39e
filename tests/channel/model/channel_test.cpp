// SPDX-License-Identifier: BSL-1.0
// What a channel promises, whatever happens to its host.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

#include "channel_world.hpp"
#include "expect.hpp"

namespace troupe::model {
namespace {

TEST(ChannelModel, CallsOneAfterTheOtherAllEndWhenTheHostDiesAtAnyStep) {
  expect_kept(explore_channel({.calls = 3, .slots = 1}));
  expect_kept(explore_channel({.calls = 1, .slots = 1}, {.merges_rounds = false}), "one call, not merging rounds");
}

TEST(ChannelModel, CallsSideBySideAllEndWhenTheHostDiesAtAnyStep) { expect_kept(explore_channel({.calls = 2, .slots = 2})); }

TEST(ChannelModel, CallsThatFillTheRingAllEndWhenTheHostDiesAtAnyStep) {
  expect_kept(explore_channel({.calls = 3, .slots = 2, .cells = 2}));
}

TEST(ChannelModel, RefusedCallsAreNeverCalledDoneWhenTheHostDiesAtAnyStep) {
  for (const std::uint32_t refused : {0b001u, 0b010u, 0b111u}) {
    expect_kept(explore_channel({.calls = 3, .slots = 1, .refused = refused}), std::to_string(refused));
  }
}

TEST(ChannelModel, AHostThatIsTakenForDeadAndGoesOnDoesNotRunWhatWasJudged) {
  for (const std::uint32_t refused : {0b00u, 0b01u, 0b11u}) {
    expect_kept(explore_channel({.calls = 2, .slots = 2, .refused = refused, .can_die = false, .can_be_mistaken_for_dead = true}),
                std::to_string(refused));
  }
}

TEST(ChannelModel, ACallMayBeCancelledWhileTheHostDies) {
  for (const std::uint32_t number : {0u, 1u}) {
    for (const std::uint32_t refused : {0b00u, 0b01u, 0b10u}) {
      expect_kept(explore_channel({.calls = 2, .slots = 1, .refused = refused, .cancelled = number}),
                  fmt::format("{} {}", number, refused));
    }
  }
}

TEST(ChannelModel, TellsFreeTheirSlotsAndAreJudgedWhenTheHostDiesAtAnyStep) {
  for (const std::uint32_t tells : {0b001u, 0b011u, 0b101u}) {
    expect_kept(explore_channel({.calls = 3, .slots = 1, .tells = tells}), std::to_string(tells));
    expect_kept(explore_channel({.calls = 4, .slots = 2, .cells = 2, .tells = tells}), std::to_string(tells) + " two slots");
  }
}

TEST(ChannelModel, ARingBehindTheNextStartIsAsGoodAsOneAfterTheTurn) {
  for (const std::uint32_t tells : {0b000u, 0b001u, 0b010u, 0b101u}) {
    expect_kept(explore_channel({.calls = 3, .slots = 2, .cells = 2, .tells = tells, .ringing = Ringing::behind_start}),
                std::to_string(tells));
  }
}

TEST(ChannelModel, TheReleaseOfTheProducerLockIsAsGoodAsAFence) {
  expect_kept(explore_channel({.calls = 3, .slots = 2, .cells = 2, .sending = Sending::behind_release}), "");
}

}  // namespace
}  // namespace troupe::model
