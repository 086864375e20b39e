// SPDX-License-Identifier: BSL-1.0
// A host that writes anything anywhere into its memories: the client says ProtocolError, or is not harmed.
#include <gtest/gtest.h>
#include <troupe/error.hpp>

#include <random>

#include "tests/channel/hostile/open_channel.hpp"

namespace troupe::channel {
namespace {

using wire::ReplyHeader;
using wire::ReplyKind;
using wire::RequestKind;
using wire::SlotState;

TEST(HostileHost, WhoFlipsAnyBitOfAReplyHeaderHarmsNobody) {
  int refused = 0;
  for (std::size_t bit = 0; bit < sizeof(ReplyHeader) * 8; ++bit) {
    OpenChannel channel;
    const std::byte* ring = reply_ring_of(channel);
    for (int i = 0; i < 3; ++i) send(channel.client);
    serve(channel.host, pattern(100));
    serve(channel.host);
    serve(channel.host, pattern(60));
    flip(channel.reply_at(1), bit);
    const Reaction reaction = react(channel.client, ring);
    EXPECT_NE(reaction, Reaction::strayed);
    refused += reaction == Reaction::refused ? 1 : 0;
  }
  EXPECT_GT(refused, 60);
}

struct ReplyForgery {
  const char* what;
  void (*edit)(ReplyHeader&);
};

class ForgedReply : public ::testing::TestWithParam<ReplyForgery> {};

TEST_P(ForgedReply, IsRefused) {
  OpenChannel channel;
  const std::byte* ring = reply_ring_of(channel);
  send(channel.client);
  serve(channel.host, pattern(10));
  change(channel.reply_at(1), GetParam().edit);
  EXPECT_THROW((void)channel.client.next_reply(), ProtocolError);
  EXPECT_EQ(react(channel.client, ring), Reaction::refused);
}

void set_length(ReplyHeader& header, std::uint32_t bytes) {
  header.commit = wire::Commit{wire::Commit::unpack(header.commit).tag, bytes}.pack();
}
constexpr auto kReplyRoomAtOne = static_cast<std::uint32_t>(kReplyRing - wire::kCellBytes - sizeof(ReplyHeader));

INSTANTIATE_TEST_SUITE_P(
    HostileHost, ForgedReply,
    ::testing::Values(ReplyForgery{"LongerThanTheRing", [](ReplyHeader& header) { set_length(header, kReplyRoomAtOne + 1); }},
                      ReplyForgery{"AsLongAsCanBeSaid", [](ReplyHeader& header) { set_length(header, UINT32_MAX); }},
                      ReplyForgery{"OfTheSlotBehindTheLast", [](ReplyHeader& header) { header.slot = kSmall.slots; }},
                      ReplyForgery{"OfTheLastSlotThatCanBeSaid", [](ReplyHeader& header) { header.slot = UINT16_MAX; }},
                      ReplyForgery{"OfAnEarlierUse", [](ReplyHeader& header) { --header.generation; }},
                      ReplyForgery{"OfALaterUse", [](ReplyHeader& header) { ++header.generation; }},
                      ReplyForgery{"OfAnUnknownKind", [](ReplyHeader& header) { header.kind = 10; }}),
    [](const auto& each) { return each.param.what; });

TEST(HostileHost, WhoPadsAWholeRingIsRefused) {
  OpenChannel channel;
  send(channel.client);
  serve(channel.host);
  change<ReplyHeader>(channel.reply_at(0),
                      [](ReplyHeader& header) { header.kind = static_cast<std::uint8_t>(ReplyKind::padding); });
  EXPECT_THROW((void)channel.client.next_reply(), ProtocolError);
}

void send_until_full(ClientEnd& client) {
  while (try_send(client, pattern(kSmall.max_ring_request()), RequestKind::tell)) {
  }
}

TEST(HostileHost, WhoSaysItHasReadWhatWasNeverSentIsRefused) {
  OpenChannel channel;
  channel.replies_front().requests_read = 1000;
  EXPECT_THROW(send_until_full(channel.client), ProtocolError);
}

TEST(HostileHost, WhoTakesBackWhatItHasReadIsRefused) {
  OpenChannel channel;
  send_until_full(channel.client);
  while (channel.host.has_request()) serve(channel.host);
  send_until_full(channel.client);
  channel.replies_front().requests_read = 0;
  EXPECT_THROW(send_until_full(channel.client), ProtocolError);
}

TEST(HostileHost, WhoWritesNonsenseIntoASlotWordGetsAVerdictAndNoMore) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 2000; ++round) {
    OpenChannel channel;
    const Ticket ticket = send(channel.client);
    channel.slot_word(ticket.slot) = round % 2 == 0 ? random() : random() % 3 << 32 | random() % 5;
    const Execution execution = channel.client.withdraw(ticket, SlotState::cancelled);
    EXPECT_LE(static_cast<int>(execution), static_cast<int>(Execution::done));
  }
}

}  // namespace
}  // namespace troupe::channel
