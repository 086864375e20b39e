// SPDX-License-Identifier: BSL-1.0
#include "manager/references.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace troupe::manager {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr ActorId kX{1};
constexpr ActorId kY{2};
constexpr Party kProgram{{}, 10};
constexpr Party kOther{{}, 11};
constexpr Party kHost{{20}, 0};

References::Lease lease(Party sender, std::uint64_t number) { return {sender, number}; }

class ReferencesTest : public ::testing::Test {
 protected:
  void hold(ActorId actor, Party party) { references.hold(actor, client_of(party), party); }
  void let_go(ActorId actor, Party party, std::uint64_t grants = 1) { references.let_go(actor, client_of(party), grants); }
  void send(Party from, std::uint64_t number, Party to, std::vector<ActorId> actors) {
    references.begin(lease(from, number), to, false, actors);
  }
  void reply(Party from, std::uint64_t number, Party to, std::vector<ActorId> actors) {
    references.begin(lease(from, number), to, true, actors);
  }
  static ClientId client_of(Party party) { return party.client != 0 ? party.client : party.actor.value + 1; }

  References references;
};

TEST_F(ReferencesTest, AnActorIsHeldUntilItsLastHolderLetsGo) {
  hold(kX, kProgram);
  hold(kX, kHost);
  let_go(kX, kProgram);
  EXPECT_TRUE(references.is_held(kX));
  let_go(kX, kHost);
  EXPECT_FALSE(references.is_held(kX));
  EXPECT_THAT(references.take_doubtful(), AllOf(Not(IsEmpty()), Each(kX)));
  EXPECT_THAT(references.take_doubtful(), IsEmpty());
}

TEST_F(ReferencesTest, AGrantThatCrossesAReleaseCounts) {
  hold(kX, kProgram);
  hold(kX, kProgram);  // a new link's, on its way before the old link's release
  let_go(kX, kProgram, 1);
  EXPECT_TRUE(references.is_held(kX));
  let_go(kX, kProgram, 1);
  EXPECT_FALSE(references.is_held(kX));
}

TEST_F(ReferencesTest, ReleasesOfWhatIsNotHeldChangeNothing) {
  hold(kX, kProgram);
  let_go(kX, kOther);
  let_go(kY, kProgram);
  EXPECT_TRUE(references.is_held(kX));
  let_go(kX, kProgram, UINT64_MAX);
  hold(kX, kProgram);
  EXPECT_TRUE(references.is_held(kX));
}

TEST_F(ReferencesTest, AnActorDoesNotKeepItself) {
  hold(kX, {kX, 0});
  EXPECT_FALSE(references.is_held(kX));
  EXPECT_THAT(references.holders(kX), ElementsAre(client_of({kX, 0})));
}

TEST_F(ReferencesTest, AnEnvelopeKeepsWhatIsInIt) {
  hold(kX, kProgram);
  send(kProgram, 1, kHost, {kX, kY, kX});
  let_go(kX, kProgram);
  EXPECT_TRUE(references.is_held(kX));
  EXPECT_TRUE(references.is_held(kY));
  EXPECT_EQ(references.leases(kX), 1u);
  EXPECT_EQ(references.in_flight(kProgram), 2u);
  references.end(lease(kProgram, 1), kHost);
  EXPECT_FALSE(references.is_held(kX));
  EXPECT_EQ(references.in_flight(kProgram), 0u);
  EXPECT_THAT(references.take_doubtful(), IsSupersetOf({kX, kY}));
}

TEST_F(ReferencesTest, AddingToAnEnvelopeIsTheSameEnvelope) {
  send(kProgram, 1, kHost, {kX});
  send(kProgram, 1, kHost, {kY, kX});
  EXPECT_EQ(references.in_flight(kProgram), 2u);
  references.end(lease(kProgram, 1), kProgram);
  EXPECT_FALSE(references.is_held(kX));
  EXPECT_FALSE(references.is_held(kY));
}

TEST_F(ReferencesTest, OnlySenderAndReaderEndALease) {
  send(kProgram, 1, kHost, {kX});
  references.end(lease(kProgram, 1), kOther);
  references.end(lease(kOther, 1), kHost);
  references.end(lease(kProgram, 2), kHost);
  EXPECT_TRUE(references.is_held(kX));
  references.end(lease(kProgram, 1), kProgram);
  references.end(lease(kProgram, 1), kProgram);
  EXPECT_FALSE(references.is_held(kX));
}

TEST_F(ReferencesTest, TheDeadHoldNothing) {
  hold(kX, kProgram);
  hold(kY, kHost);
  references.client_gone(kProgram.client);
  EXPECT_FALSE(references.is_held(kX));
  EXPECT_TRUE(references.is_held(kY));
}

TEST_F(ReferencesTest, WhatIsOnItsWayToTheDeadIsLost) {
  send(kProgram, 1, kHost, {kX});
  reply(kHost, 1, kProgram, {kY});
  references.party_gone(kHost);
  EXPECT_FALSE(references.is_held(kX));
  EXPECT_TRUE(references.is_held(kY)) << "the dead had sent it";
}

TEST_F(ReferencesTest, ConstructorArgumentsEndWithTheirSender) {
  send(kProgram, 1, Party(), {kX});
  EXPECT_TRUE(references.is_held(kX));
  references.party_gone(kProgram);
  EXPECT_FALSE(references.is_held(kX));
}

TEST_F(ReferencesTest, WhatIsReadNoMoreEndsPerPairAndDirection) {
  send(kProgram, 1, kHost, {kX});
  reply(kHost, 1, kProgram, {kY});
  references.end_unread_replies(kProgram, kHost);
  references.end_unread_requests(kHost, kProgram);
  references.end_unread_requests(kOther, kHost);
  EXPECT_TRUE(references.is_held(kX) && references.is_held(kY));
  EXPECT_THAT(references.readers_of_requests(kProgram), ElementsAre(kHost.actor));
  references.end_unread_requests(kProgram, kHost);
  EXPECT_FALSE(references.is_held(kX));
  EXPECT_THAT(references.readers_of_requests(kProgram), IsEmpty());
  references.end_unread_replies(kHost, kProgram);
  EXPECT_FALSE(references.is_held(kY));
}

TEST_F(ReferencesTest, AReplyThatWasReceivedOutlivesItsChannel) {
  reply(kHost, 1, kProgram, {kX});
  references.receive(lease(kHost, 1), kOther);
  references.receive(lease(kHost, 1), kProgram);
  references.end_unread_replies(kHost, kProgram);
  EXPECT_TRUE(references.is_held(kX));
  references.end(lease(kHost, 1), kProgram);
  EXPECT_FALSE(references.is_held(kX));
}

TEST_F(ReferencesTest, OneWhoseReceptionOnlyOthersClaimDoesNot) {
  reply(kHost, 1, kProgram, {kX});
  references.receive(lease(kHost, 1), kOther);
  references.end_unread_replies(kHost, kProgram);
  EXPECT_FALSE(references.is_held(kX));
}

TEST_F(ReferencesTest, WhatItsReaderHasEndedBeforeItBeginsKeepsNothing) {
  references.end_early(lease(kHost, 1), kProgram);
  reply(kHost, 1, kProgram, {kX});
  EXPECT_FALSE(references.is_held(kX));
}

TEST_F(ReferencesTest, WhatItsReaderHasReceivedBeforeItBeginsOutlivesItsChannel) {
  references.receive_early(lease(kHost, 1), kProgram);
  EXPECT_TRUE(references.is_received_early(lease(kHost, 1), kProgram));
  reply(kHost, 1, kProgram, {kX});
  references.end_unread_replies(kHost, kProgram);
  EXPECT_TRUE(references.is_held(kX));
  references.end(lease(kHost, 1), kProgram);
  EXPECT_FALSE(references.is_held(kX));
}

TEST_F(ReferencesTest, WhatOthersSayOfOneThatHasNotBegunMeansNothing) {
  references.end_early(lease(kHost, 1), kOther);
  references.receive_early(lease(kHost, 2), kOther);
  reply(kHost, 1, kProgram, {kX});
  EXPECT_TRUE(references.is_held(kX));
  reply(kHost, 2, kProgram, {kY});
  references.end_unread_replies(kHost, kProgram);
  EXPECT_FALSE(references.is_held(kX));
  EXPECT_FALSE(references.is_held(kY));
}

TEST_F(ReferencesTest, TheDeadLeaveTheirEnvelopes) {
  send(kProgram, 1, kHost, {kX, kY});
  references.actor_gone(kX);
  EXPECT_EQ(references.in_flight(kProgram), 1u);
  EXPECT_TRUE(references.is_open(lease(kProgram, 1)));
  references.actor_gone(kY);
  EXPECT_FALSE(references.is_open(lease(kProgram, 1)));
  EXPECT_EQ(references.in_flight(kProgram), 0u);
  EXPECT_THAT(references.take_doubtful(), IsEmpty());
}

TEST_F(ReferencesTest, AReplyThatAloneKeepsAnActorIsCalledForOnce) {
  hold(kX, kOther);
  reply(kHost, 7, kProgram, {kX});
  EXPECT_THAT(references.unread_replies_that_keep(kX), IsEmpty());
  let_go(kX, kOther);
  EXPECT_THAT(references.unread_replies_that_keep(kX), ElementsAre(References::Unread{lease(kHost, 7), kProgram}));
  EXPECT_THAT(references.unread_replies_that_keep(kX), IsEmpty());
}

TEST_F(ReferencesTest, RequestsAndReceivedRepliesAreNotCalledFor) {
  send(kProgram, 1, kHost, {kX});
  reply(kHost, 7, kProgram, {kX});
  references.receive(lease(kHost, 7), kProgram);
  EXPECT_THAT(references.unread_replies_that_keep(kX), IsEmpty());
}

TEST_F(ReferencesTest, WhoHasTooManyOnTheirWayPaysForIt) {
  std::vector<ActorId> many(References::kMostInFlight);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = {1000 + i};
  EXPECT_TRUE(references.begin(lease(kProgram, 1), kHost, false, many));
  EXPECT_FALSE(references.begin(lease(kProgram, 2), kHost, false, std::array{kX}));
  EXPECT_TRUE(references.begin(lease(kOther, 1), kHost, false, std::array{kX}));
  references.end(lease(kProgram, 1), kHost);
  EXPECT_TRUE(references.begin(lease(kProgram, 2), kHost, false, std::array{kX}));
}

// Whatever is said in whatever order: when all have gone, nothing is left.
TEST_F(ReferencesTest, WhenAllHaveGoneNothingIsLeft) {
  constexpr std::array kParties{kProgram, kOther, kHost, Party{{30}, 0}};
  std::mt19937 random(4711);
  const auto any_party = [&] { return kParties[random() % kParties.size()]; };
  for (int step = 0; step < 20'000; ++step) {
    const ActorId actor{1 + random() % 5};
    const Party one = any_party();
    const Party other = any_party();
    const std::uint64_t number = random() % 8;
    switch (random() % 10) {
      case 0:
      case 1:
        hold(actor, one);
        break;
      case 2:
        let_go(actor, one, random() % 3);
        break;
      case 3:
        send(one, number, other, {actor, {1 + random() % 5}});
        break;
      case 4:
        reply(one, number, other, {actor});
        break;
      case 5:
        references.end({one, number}, other);
        break;
      case 6:
        references.receive({one, number}, other);
        break;
      case 7:
        references.end_unread_requests(one, other);
        break;
      case 8:
        references.end_unread_replies(one, other);
        break;
      case 9:
        if (random() % 20 == 0) references.actor_gone(actor);
        break;
    }
  }
  for (const Party party : kParties) {
    references.client_gone(client_of(party));
    references.party_gone(party);
  }
  for (const Party party : kParties) {
    EXPECT_EQ(references.in_flight(party), 0u);
    EXPECT_THAT(references.readers_of_requests(party), IsEmpty());
  }
  for (std::uint64_t actor = 1; actor <= 5; ++actor) {
    EXPECT_FALSE(references.is_held({actor}));
    EXPECT_THAT(references.holders({actor}), IsEmpty());
  }
}

}  // namespace
}  // namespace troupe::manager
