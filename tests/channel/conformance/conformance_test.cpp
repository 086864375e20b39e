// SPDX-License-Identifier: BSL-1.0
// What any channel promises to a client and a host that keep the rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/error.hpp>

#include <algorithm>

#include "tests/channel/conformance/channels.hpp"
#include "tests/channel/conformance/talk.hpp"

namespace troupe::channel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::ReplyKind;
using wire::RequestKind;
using wire::SlotState;

constexpr std::size_t kSmallReply = wire::kCellBytes - sizeof(wire::ReplyHeader);  // the most that one cell takes

template <class Channel>
class AnyChannel : public ::testing::Test {
 protected:
  std::size_t most_requested() const { return channel.client.geometry().payload_bytes; }
  std::size_t most_in_ring() const { return channel.client.geometry().max_ring_request(); }
  std::size_t most_replied() const { return channel.client.geometry().payload_bytes; }

  // One call, from here to there and back.
  void exchange(const Bytes& request, const Bytes& answer) {
    send(channel.client, request);
    ASSERT_EQ(serve(channel.host, answer), request);
    channel.host.flush_outbox();
    ASSERT_EQ(receive(channel.client), answer);
  }

  Channel channel;
};

using Channels = ::testing::Types<SharedMemoryChannel, InProcessTwin>;
TYPED_TEST_SUITE(AnyChannel, Channels);

// ---- moving bytes

TYPED_TEST(AnyChannel, DeliversRequestsInTheOrderInWhichTheyWereSent) {
  auto& client = this->channel.client;
  auto& host = this->channel.host;
  for (std::uint64_t number = 0; number < 4; ++number) send(client, pattern(8, number));
  for (std::uint64_t number = 0; number < 4; ++number) EXPECT_EQ(serve(host), pattern(8, number));
}

TYPED_TEST(AnyChannel, DeliversWhatTheClientSaidOfARequest) {
  const auto draft = this->channel.client.draft(3).value();
  fill(draft.payload, pattern(3));
  this->channel.client.publish(draft, RequestKind::tell, wire::MethodId::of(3, 99), 123456789);
  const auto request = this->channel.host.next().value();
  EXPECT_EQ(request.ticket, draft.ticket);
  EXPECT_EQ(request.kind, RequestKind::tell);
  EXPECT_EQ(request.method.module(), 3u);
  EXPECT_EQ(request.method.rank(), 99u);
  EXPECT_EQ(request.deadline_ns, 123456789);
  EXPECT_EQ(copy(this->channel.host.payload(request)), pattern(3));
}

TYPED_TEST(AnyChannel, DeliversWhatTheHostSaidOfAReply) {
  for (const auto kind :
       {ReplyKind::value, ReplyKind::exception, ReplyKind::unencodable, ReplyKind::no_method, ReplyKind::cancelled}) {
    const Ticket ticket = send(this->channel.client);
    const auto request = this->channel.host.next().value();
    ASSERT_EQ(this->channel.host.start(request), Claim::won);
    reply(this->channel.host, request.ticket, pattern(5), kind, kind != ReplyKind::no_method);
    this->channel.host.finish(request);
    const auto found = this->channel.client.next_reply().value();
    EXPECT_EQ(found.ticket, ticket);
    EXPECT_EQ(found.kind, kind);
    EXPECT_EQ(copy(this->channel.client.payload(found)), pattern(5));
    this->channel.client.finish(found);
  }
}

TYPED_TEST(AnyChannel, CarriesRequestsOfEverySizeUpToTheLargest) {
  for (std::size_t bytes = 0; bytes <= this->most_requested(); ++bytes) {
    ASSERT_NO_FATAL_FAILURE(this->exchange(pattern(bytes, bytes), {})) << bytes;
  }
}

TYPED_TEST(AnyChannel, CarriesRepliesOfEverySizeUpToTheLargest) {
  for (std::size_t bytes = 0; bytes <= this->most_replied(); ++bytes) {
    ASSERT_NO_FATAL_FAILURE(this->exchange({}, pattern(bytes, bytes))) << bytes;
  }
}

TYPED_TEST(AnyChannel, FindsRoomForTheLargestRecordsInEmptyRingsWhereverTheyStand) {
  const Bytes in_ring = pattern(this->most_in_ring()), beside = pattern(this->most_requested(), 1);
  for (std::uint32_t steps = 0; steps < 2 * Geometry::kMinCells; ++steps) {
    ASSERT_NO_FATAL_FAILURE(this->exchange(pattern(1), pattern(1))) << steps;
    ASSERT_NO_FATAL_FAILURE(this->exchange(in_ring, in_ring)) << steps;
    ASSERT_NO_FATAL_FAILURE(this->exchange(beside, beside)) << steps;
  }
}

TYPED_TEST(AnyChannel, RefusesAReplyOverTheLargestAndGoesOn) {
  const auto most = static_cast<std::uint32_t>(this->most_replied());
  EXPECT_THROW(this->channel.host.draft_reply(most + 1), SerializationError);
  this->exchange({}, pattern(most));
}

TYPED_TEST(AnyChannel, ShowsARequestUntilItIsFinished) {
  send(this->channel.client, pattern(2));
  EXPECT_TRUE(this->channel.host.has_request());
  EXPECT_EQ(this->channel.host.next().value().ticket, this->channel.host.next().value().ticket);
  serve(this->channel.host);
  EXPECT_FALSE(this->channel.host.has_request());
  EXPECT_FALSE(this->channel.host.next());
}

TYPED_TEST(AnyChannel, ShowsAReplyUntilItIsFinished) {
  send(this->channel.client);
  EXPECT_FALSE(this->channel.client.has_reply());
  EXPECT_FALSE(this->channel.client.next_reply());
  serve(this->channel.host);
  EXPECT_TRUE(this->channel.client.has_reply());
  EXPECT_EQ(this->channel.client.next_reply().value().ticket, this->channel.client.next_reply().value().ticket);
  receive(this->channel.client);
  EXPECT_FALSE(this->channel.client.has_reply());
}

TYPED_TEST(AnyChannel, CountsWhatWasSentAndWhatWasTaken) {
  send(this->channel.client);
  send(this->channel.client, {}, RequestKind::tell);
  const std::uint64_t before = this->channel.client.host_progress();
  serve(this->channel.host);
  EXPECT_NE(this->channel.client.host_progress(), before);
  EXPECT_EQ(this->channel.host.published_by_client(), 2u);
  EXPECT_EQ(this->channel.host.taken(), 1u);
}

// ---- drafts

TYPED_TEST(AnyChannel, LeavesNoTraceOfADraftThatIsNotPublished) {
  for (std::size_t bytes = 0; bytes <= this->most_in_ring(); bytes += 13) {
    const auto dropped = this->channel.client.draft(static_cast<std::uint32_t>(bytes)).value();
    fill(dropped.payload, Bytes(bytes, std::byte{0xff}));
    ASSERT_FALSE(this->channel.host.has_request());
    ASSERT_NO_FATAL_FAILURE(this->exchange(pattern(bytes / 3), {}));
  }
}

// Records of the reader's next numbers, drawn where commit words may come to lie.
TYPED_TEST(AnyChannel, TakesNoPayloadForARecord) {
  for (std::uint32_t round = 0; round < 200; ++round) {
    Bytes forged(this->most_in_ring() / (1 + round % 5));
    for (std::size_t at = sizeof(wire::RequestHeader); at + 8 <= forged.size(); at += wire::kCellBytes) {
      const std::uint64_t commit = wire::Commit{4 * round + 2 + static_cast<std::uint32_t>(at / wire::kCellBytes) % 3, 0}.pack();
      std::memcpy(forged.data() + at, &commit, sizeof commit);
    }
    fill(this->channel.client.draft(static_cast<std::uint32_t>(forged.size())).value().payload, forged);
    ASSERT_NO_FATAL_FAILURE(this->exchange(forged, {}));
    ASSERT_FALSE(this->channel.host.has_request());
    ASSERT_NO_FATAL_FAILURE(this->exchange(pattern(1), forged));
    ASSERT_FALSE(this->channel.client.has_reply());
  }
}

TYPED_TEST(AnyChannel, ForgetsAReplyDraftThatIsDiscarded) {
  send(this->channel.client);
  const auto request = this->channel.host.next().value();
  ASSERT_EQ(this->channel.host.start(request), Claim::won);
  fill(this->channel.host.draft_reply(100), pattern(100));
  this->channel.host.discard_draft();
  this->channel.host.publish_reply(request.ticket, ReplyKind::unencodable, true);
  this->channel.host.finish(request);
  EXPECT_THAT(receive(this->channel.client), IsEmpty());
}

TYPED_TEST(AnyChannel, SendsTheLatestOfSeveralReplyDrafts) {
  send(this->channel.client);
  const auto request = this->channel.host.next().value();
  ASSERT_EQ(this->channel.host.start(request), Claim::won);
  fill(this->channel.host.draft_reply(1000), pattern(1000));
  reply(this->channel.host, request.ticket, pattern(20, 2));
  this->channel.host.finish(request);
  EXPECT_EQ(receive(this->channel.client), pattern(20, 2));
}

// ---- slots and room

TYPED_TEST(AnyChannel, HasNoDraftWhenAllSlotsAreInUseUntilAReplyWasRead) {
  for (int i = 0; i < 4; ++i) send(this->channel.client);
  EXPECT_FALSE(this->channel.client.draft(0));
  serve(this->channel.host);
  EXPECT_FALSE(this->channel.client.draft(0));
  receive(this->channel.client);
  EXPECT_TRUE(this->channel.client.draft(0));
  send(this->channel.client);
  EXPECT_FALSE(this->channel.client.draft(0));
}

TYPED_TEST(AnyChannel, FreesTheSlotsOfTellsWhenTheHostGoesOn) {
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 4; ++i) send(this->channel.client, {}, RequestKind::tell);
    ASSERT_FALSE(this->channel.client.draft(0));
    for (int i = 0; i < 4; ++i) serve(this->channel.host);
  }
  EXPECT_FALSE(this->channel.client.has_reply());
}

TYPED_TEST(AnyChannel, HasNoDraftWithoutRoomUntilTheHostGoesOn) {
  TypeParam wide(Geometry{8, Geometry::kMinCells, Geometry::kMinCells + 8, kSmallPayload});
  const Bytes quarter = pattern(wide.client.geometry().max_ring_request());
  for (int i = 0; i < 4; ++i) send(wide.client, quarter);
  EXPECT_FALSE(wide.client.draft(static_cast<std::uint32_t>(quarter.size())));
  EXPECT_FALSE(wide.client.draft(0));
  EXPECT_EQ(serve(wide.host), quarter);
  EXPECT_TRUE(wide.client.draft(static_cast<std::uint32_t>(quarter.size())));
  EXPECT_EQ(serve(wide.host), quarter);
}

TYPED_TEST(AnyChannel, HasNoExtentWithoutRoomUntilARequestIsOver) {
  for (const RequestKind kind : {RequestKind::tell, RequestKind::call}) {
    const Bytes large = pattern(this->most_requested());
    send(this->channel.client, large, kind);
    send(this->channel.client, large, kind);
    EXPECT_FALSE(this->channel.client.take_extent(large.size()));
    EXPECT_TRUE(this->channel.client.draft(1));  // the ring has room all the same
    EXPECT_EQ(serve(this->channel.host), large);
    if (kind == RequestKind::call) receive(this->channel.client);
    const auto place = this->channel.client.take_extent(large.size());
    ASSERT_TRUE(place);
    this->channel.client.give_back(place->extent);
    EXPECT_EQ(serve(this->channel.host), large);
    if (kind == RequestKind::call) receive(this->channel.client);
  }
}

TYPED_TEST(AnyChannel, KeepsTheOrderOfLargeAndSmallRequests) {
  for (std::uint64_t round = 0; round < 50; ++round) {
    send(this->channel.client, pattern(this->most_requested(), round), RequestKind::tell);
    send(this->channel.client, pattern(3, round), RequestKind::tell);
    send(this->channel.client, pattern(this->most_in_ring() + 1, round), RequestKind::tell);
    EXPECT_EQ(serve(this->channel.host), pattern(this->most_requested(), round));
    EXPECT_EQ(serve(this->channel.host), pattern(3, round));
    EXPECT_EQ(serve(this->channel.host), pattern(this->most_in_ring() + 1, round));
  }
}

TYPED_TEST(AnyChannel, GivesEachUseOfASlotATicketOfItsOwn) {
  std::vector<Ticket> tickets;
  for (int i = 0; i < 100; ++i) {
    tickets.push_back(send(this->channel.client));
    serve(this->channel.host);
    receive(this->channel.client);
  }
  std::sort(tickets.begin(), tickets.end(),
            [](const Ticket& a, const Ticket& b) { return std::tie(a.slot, a.generation) < std::tie(b.slot, b.generation); });
  EXPECT_EQ(std::adjacent_find(tickets.begin(), tickets.end()), tickets.end());
}

TYPED_TEST(AnyChannel, AlwaysHasRoomForASmallReply) {
  const Bytes large = pattern(this->most_replied());
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 4; ++i) send(this->channel.client);
    serve(this->channel.host, large);
    for (int i = 0; i < 3; ++i) serve(this->channel.host, pattern(kSmallReply));
    ASSERT_FALSE(this->channel.host.has_outbox());
    for (int i = 0; i < 4; ++i) receive(this->channel.client);
  }
}

TYPED_TEST(AnyChannel, KeepsLargeRepliesUntilThereIsRoomAndLetsSmallOnesPass) {
  const Bytes large = pattern(this->most_replied());
  for (int i = 0; i < 4; ++i) send(this->channel.client, pattern(1, i));
  serve(this->channel.host, large);
  while (this->channel.host.has_request() && !this->channel.host.has_outbox()) serve(this->channel.host, large);
  ASSERT_TRUE(this->channel.host.has_outbox());
  EXPECT_FALSE(this->channel.host.flush_outbox());
  serve(this->channel.host, pattern(kSmallReply));
  std::vector<std::size_t> sizes;
  while (sizes.size() < 4) {
    while (this->channel.client.has_reply()) sizes.push_back(receive(this->channel.client).size());
    if (sizes.size() == 4) break;
    if (this->channel.host.has_request()) serve(this->channel.host, large);
    EXPECT_TRUE(this->channel.host.has_new_room());
    EXPECT_TRUE(this->channel.host.flush_outbox());
  }
  EXPECT_FALSE(this->channel.host.has_outbox());
  EXPECT_EQ(std::count(sizes.begin(), sizes.end(), large.size()), 3);
  EXPECT_EQ(sizes.back(), large.size());
}

TYPED_TEST(AnyChannel, DeliversLargeRepliesFromTheOutboxWholeAndInTheirOrder) {
  std::uint64_t sent = 0, received = 0;
  while (received < 500) {
    while (sent < received + 4) send(this->channel.client, pattern(4, sent++));
    while (this->channel.host.has_request()) {
      const auto number = this->channel.host.taken();
      serve(this->channel.host, pattern(this->most_replied() - number % 7, number));
    }
    ASSERT_EQ(receive(this->channel.client), pattern(this->most_replied() - received % 7, received));
    ++received;
    this->channel.host.flush_outbox();
  }
}

// ---- verdicts

TYPED_TEST(AnyChannel, ACallThatIsCancelledBeforeItsTurnIsNotStarted) {
  const Ticket ticket = send(this->channel.client);
  EXPECT_EQ(this->channel.client.withdraw(ticket, SlotState::cancelled), Execution::not_started);
  const auto request = this->channel.host.next().value();
  EXPECT_EQ(this->channel.host.start(request), Claim::cancelled);
  reply(this->channel.host, ticket, {}, ReplyKind::skipped, false);
  this->channel.host.finish(request);
  EXPECT_EQ(this->channel.client.next_reply().value().kind, ReplyKind::skipped);
  receive(this->channel.client);
  this->exchange(pattern(3), pattern(4));
}

TYPED_TEST(AnyChannel, ATellThatIsCancelledBeforeItsTurnFreesItsSlot) {
  for (int i = 0; i < 20; ++i) {
    const Ticket ticket = send(this->channel.client, {}, RequestKind::tell);
    ASSERT_EQ(this->channel.client.withdraw(ticket, SlotState::cancelled), Execution::not_started);
    const auto request = this->channel.host.next().value();
    ASSERT_EQ(this->channel.host.start(request), Claim::cancelled);
    this->channel.host.rearm(ticket);
    this->channel.host.finish(request);
  }
  this->exchange(pattern(3), pattern(4));
}

TYPED_TEST(AnyChannel, ACallThatIsCancelledInItsTurnMayHaveTakenEffectAndGoesOn) {
  const Ticket ticket = send(this->channel.client);
  const auto request = this->channel.host.next().value();
  ASSERT_EQ(this->channel.host.start(request), Claim::won);
  EXPECT_EQ(this->channel.client.withdraw(ticket, SlotState::cancelled), Execution::maybe);
  reply(this->channel.host, ticket, pattern(1));
  EXPECT_EQ(this->channel.client.withdraw(ticket, SlotState::cancelled), Execution::done);
  EXPECT_EQ(receive(this->channel.client), pattern(1));
}

TYPED_TEST(AnyChannel, AJudgedCallNeverStartsAndTheHostIsToldToStop) {
  const Ticket ticket = send(this->channel.client);
  EXPECT_EQ(this->channel.client.withdraw(ticket, SlotState::taken), Execution::not_started);
  EXPECT_EQ(this->channel.host.start(this->channel.host.next().value()), Claim::fenced);
}

TYPED_TEST(AnyChannel, TheJudgeTellsHowFarEachCallGot) {
  std::vector<Ticket> tickets;
  for (int i = 0; i < 4; ++i) tickets.push_back(send(this->channel.client));
  EXPECT_EQ(this->channel.client.withdraw(tickets[2], SlotState::cancelled), Execution::not_started);
  serve(this->channel.host);
  ASSERT_EQ(this->channel.host.start(this->channel.host.next().value()), Claim::won);
  std::vector<Execution> verdicts;
  for (const Ticket& ticket : tickets) verdicts.push_back(this->channel.client.withdraw(ticket, SlotState::taken));
  EXPECT_THAT(verdicts, ElementsAre(Execution::done, Execution::maybe, Execution::not_started, Execution::not_started));
}

TYPED_TEST(AnyChannel, AVerdictIsTheSameWhenAskedAgain) {
  const Ticket ticket = send(this->channel.client);
  EXPECT_EQ(this->channel.client.withdraw(ticket, SlotState::cancelled), Execution::not_started);
  EXPECT_EQ(this->channel.client.withdraw(ticket, SlotState::taken), Execution::not_started);
  EXPECT_EQ(this->channel.client.withdraw(ticket, SlotState::cancelled), Execution::not_started);
}

TYPED_TEST(AnyChannel, ALateCancelDoesNotTouchTheNextUseOfItsSlot) {
  const Ticket first = send(this->channel.client);
  serve(this->channel.host);
  receive(this->channel.client);
  while (send(this->channel.client).slot != first.slot) {
    serve(this->channel.host);
    receive(this->channel.client);
  }
  EXPECT_EQ(this->channel.client.withdraw(first, SlotState::cancelled), Execution::done);
  EXPECT_EQ(this->channel.host.start(this->channel.host.next().value()), Claim::won);
}

TYPED_TEST(AnyChannel, ARefusedCallFreesItsSlotLikeOneThatRan) {
  for (int i = 0; i < 100; ++i) {
    const Ticket ticket = send(this->channel.client);
    const auto request = this->channel.host.next().value();
    ASSERT_EQ(this->channel.host.start(request), Claim::won);
    reply(this->channel.host, ticket, {}, ReplyKind::expired, false);
    this->channel.host.finish(request);
    ASSERT_EQ(this->channel.client.next_reply().value().kind, ReplyKind::expired);
    receive(this->channel.client);
  }
}

TYPED_TEST(AnyChannel, ARefusalThatWaitsForRoomIsNotTakenForDone) {
  const Bytes large = pattern(this->most_replied());
  for (int i = 0; i < 3; ++i) send(this->channel.client);
  while (!this->channel.host.has_outbox()) serve(this->channel.host, large);
  const Ticket refused = send(this->channel.client);
  while (this->channel.host.next().value().ticket != refused) serve(this->channel.host, large);
  const auto request = this->channel.host.next().value();
  ASSERT_EQ(this->channel.host.start(request), Claim::won);
  reply(this->channel.host, refused, large, ReplyKind::undecodable, false);
  this->channel.host.finish(request);
  EXPECT_EQ(this->channel.client.withdraw(refused, SlotState::taken), Execution::maybe);
}

}  // namespace
}  // namespace troupe::channel
