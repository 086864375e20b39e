// SPDX-License-Identifier: BSL-1.0
// A client that writes anything anywhere into its memories: the host says ProtocolError, or is not harmed.
#include <gtest/gtest.h>
#include <troupe/error.hpp>

#include <cstring>
#include <random>

#include "tests/channel/hostile/open_channel.hpp"

namespace troupe::channel {
namespace {

using wire::ReplyHeader;
using wire::ReplyKind;
using wire::RequestHeader;
using wire::RequestKind;
using wire::SlotState;

TEST(HostileClient, WhoFlipsAnyBitOfARequestHeaderHarmsNobody) {
  int refused = 0;
  for (std::size_t bit = 0; bit < sizeof(RequestHeader) * 8; ++bit) {
    OpenChannel channel;
    const std::byte* ring = request_ring_of(channel);
    send(channel.client, pattern(100));
    send(channel.client, pattern(10), RequestKind::tell);
    send(channel.client, pattern(60));
    flip(channel.request_at(1), bit);
    const Reaction reaction = react(channel.host, ring);
    EXPECT_NE(reaction, Reaction::strayed);
    refused += reaction == Reaction::refused ? 1 : 0;
  }
  EXPECT_GT(refused, 60);  // slot, generation, most of kind and length
}

struct Forgery {
  const char* what;
  void (*edit)(RequestHeader&);
};

class ForgedRequest : public ::testing::TestWithParam<Forgery> {};

TEST_P(ForgedRequest, IsRefused) {
  OpenChannel channel;
  const std::byte* ring = request_ring_of(channel);
  send(channel.client, pattern(10));
  change(channel.request_at(1), GetParam().edit);
  EXPECT_THROW((void)channel.host.next(), ProtocolError);
  EXPECT_EQ(react(channel.host, ring), Reaction::refused);
}

void set_length(RequestHeader& header, std::uint32_t bytes) {
  header.commit = wire::Commit{wire::Commit::unpack(header.commit).tag, bytes}.pack();
}
constexpr auto kRoomAtOne = static_cast<std::uint32_t>(kRequestRing - wire::kCellBytes - sizeof(RequestHeader));

INSTANTIATE_TEST_SUITE_P(
    HostileClient, ForgedRequest,
    ::testing::Values(Forgery{"LongerThanTheRing", [](RequestHeader& header) { set_length(header, kRoomAtOne + 1); }},
                      Forgery{"AsLongAsCanBeSaid", [](RequestHeader& header) { set_length(header, UINT32_MAX); }},
                      Forgery{"OfTheSlotBehindTheLast", [](RequestHeader& header) { header.slot = kSmall.slots; }},
                      Forgery{"OfTheLastSlotThatCanBeSaid", [](RequestHeader& header) { header.slot = UINT16_MAX; }},
                      Forgery{"OfAnEarlierUse", [](RequestHeader& header) { --header.generation; }},
                      Forgery{"OfALaterUse", [](RequestHeader& header) { header.generation += 2; }},
                      Forgery{"OfAnUnknownKind", [](RequestHeader& header) { header.kind = 3; }}),
    [](const auto& each) { return each.param.what; });

TEST(HostileClient, MayUseAllOfTheRingForOneRequest) {
  OpenChannel channel;
  const std::byte* ring = request_ring_of(channel);
  send(channel.client, pattern(10));
  change<RequestHeader>(channel.request_at(1), [](RequestHeader& header) { set_length(header, kRoomAtOne); });
  EXPECT_TRUE(is_inside(channel.host.next().value().in_ring, ring, kRequestRing));
}

TEST(HostileClient, WhoPadsAWholeRingIsRefused) {
  OpenChannel channel;
  send(channel.client);
  change<RequestHeader>(channel.request_at(0),
                        [](RequestHeader& header) { header.kind = static_cast<std::uint8_t>(RequestKind::padding); });
  EXPECT_THROW((void)channel.host.next(), ProtocolError);
}

TEST(HostileClient, WhoSaysItHasReadWhatWasNeverSentIsRefused) {
  OpenChannel channel;
  channel.requests_front().replies_read = 1000;
  send(channel.client);
  EXPECT_THROW(serve(channel.host, pattern(kSmall.payload_bytes)), ProtocolError);  // it looks for room at once
}

TEST(HostileClient, WhoTakesBackWhatItHasReadIsRefused) {
  OpenChannel channel;
  const Bytes large = pattern(kSmall.payload_bytes);
  for (int i = 0; i < 3; ++i) {
    send(channel.client);
    serve(channel.host, large);
    receive(channel.client);
  }
  channel.requests_front().replies_read = 0;
  send(channel.client);
  EXPECT_THROW(serve(channel.host, large), ProtocolError);
}

// It sends and sends, and does not read what comes back.
TEST(HostileClient, WhoNeverReadsCannotMakeTheHostKeepMoreRepliesThanSlots) {
  OpenChannel channel;
  RingWriter<MappedCells> writer(MappedCells(channel.requests_bytes.data() + sizeof(RequestsFront), kSmall.request_cells));
  std::uint32_t sent = 0;
  const auto send_again = [&] {
    EXPECT_TRUE(writer.release_until(writer.position()));
    const auto place = writer.find(1).value();
    const RequestHeader header{
        0, 7, static_cast<std::uint16_t>(sent % kSmall.slots), 1, 0, sent / kSmall.slots, 0, wire::kNoDeadline};
    std::memcpy(channel.request_at(place.cell) + 8, reinterpret_cast<const std::byte*>(&header) + 8, sizeof header - 8);
    writer.publish(place, 0);
    ++sent;
  };
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) {
          send_again();
          serve(channel.host, pattern(kSmall.max_ring_reply()));
        }
      },
      ProtocolError);
  EXPECT_LE(sent, 3 * kSmall.slots);
}

TEST(HostileClient, WhoWritesNonsenseIntoASlotWordIsToldApartFromOneThatCancels) {
  for (const std::uint64_t nonsense : {UINT64_MAX, SlotWord{0, static_cast<SlotState>(9)}.pack(),
                                       SlotWord{5, SlotState::queued}.pack(), SlotWord{0, SlotState::started}.pack()}) {
    OpenChannel channel;
    send(channel.client);
    channel.slot_word(0) = nonsense;
    EXPECT_EQ(channel.host.start(channel.host.next().value()), Claim::broken);
  }
}

// Cancels after the host has started, and arms again, at random, while the host is at work.
TEST(HostileClient, WhoChangesSlotWordsAtAnyTimeHarmsNobody) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    OpenChannel channel;
    for (int i = 0; i < 4; ++i) send(channel.client, pattern(8), i == 3 ? RequestKind::tell : RequestKind::call);
    try {
      while (const auto request = channel.host.next()) {
        channel.slot_word(static_cast<std::uint32_t>(random() % 4)) = random() % 5 << 32 | random() % 5;
        const Claim claim = channel.host.start(*request);
        if (claim == Claim::fenced || claim == Claim::broken) break;
        channel.slot_word(request->ticket.slot) = random() % 5 << 32 | random() % 5;
        reply(channel.host, request->ticket, pattern(8), ReplyKind::expired, random() % 2 == 0);
        channel.host.finish(*request);
      }
    } catch (const ProtocolError&) {
      continue;
    }
  }
}

}  // namespace
}  // namespace troupe::channel
