// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "channel/geometry.hpp"
#include "tests/host/stage.hpp"

// Several channels beside each other, some of them bad; replies without room; the end.
namespace troupe::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using wire::ReplyKind;

// Puts a request of the client's own making where the host reads next; it must be the channel's first.
void publish_raw(Client& client, wire::RequestHeader header, std::uint32_t payload_bytes) {
  std::byte* record = client.raw_requests() + sizeof(channel::RequestsFront);
  header.commit = 0;
  std::memcpy(record, &header, sizeof header);
  reinterpret_cast<std::atomic<std::uint64_t>*>(record)->store(wire::Commit{1, payload_bytes}.pack(), std::memory_order_release);
  client.end().ring_host();
}

wire::RequestHeader made(std::uint8_t kind, std::uint16_t slot, std::uint32_t generation, std::uint8_t flags = 0) {
  return {0, 0, slot, kind, flags, generation, 0, wire::kNoDeadline};
}

constexpr auto kCall = static_cast<std::uint8_t>(wire::RequestKind::call);

struct Garbage {
  const char* name;
  wire::RequestHeader header;
  std::uint32_t payload_bytes;
};

class DispatcherGarbage : public testing::TestWithParam<Garbage> {};

TEST_P(DispatcherGarbage, EndsItsOwnChannelOnly) {
  Stage stage;
  Client bad = stage.open();
  Client good = stage.open();
  publish_raw(bad, GetParam().header, GetParam().payload_bytes);
  wait_until([&] { return !bad.is_served(); });
  EXPECT_EQ(good.ask(method<&add_one>(), 1).number(), 2);
  stage.stop();
  EXPECT_THAT(stage.complaints(), SizeIs(1));
  EXPECT_THAT(stage.recorder().seen, ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(All, DispatcherGarbage,
                         testing::Values(Garbage{"unknown_kind", made(77, 0, 0), 4},
                                         Garbage{"slot_past_the_end", made(kCall, 16, 0), 4},
                                         Garbage{"generation_of_the_future", made(kCall, 0, 1), 4},
                                         Garbage{"payload_past_the_ring", made(kCall, 0, 0), 0xffffffff},
                                         Garbage{"lease_that_is_cut", made(kCall, 0, 0, wire::kLeased), 7},
                                         Garbage{"padding_at_the_start", made(0, 0, 0), 0}),
                         [](const auto& each) { return each.param.name; });

TEST(DispatcherChannels, ASlotWordThatNoClientWritesEndsItsChannel) {
  Stage stage;
  Client bad = stage.open();
  bad.call(method<&hold>(), 1);
  stage.wait_held();
  const auto ticket = bad.call(method<&note>(), 2);
  bad.end().withdraw({ticket.slot, ticket.generation + 1}, wire::SlotState::cancelled);
  stage.let_go();
  wait_until([&] { return !bad.is_served(); });
  stage.stop();
  EXPECT_THAT(stage.complaints(), ElementsAre(HasSubstr("slot")));
}

TEST(DispatcherChannels, AClientThatClaimsRepliesItNeverGotEndsItsChannel) {
  Stage stage;
  Client bad = stage.open(16, 4096);
  reinterpret_cast<channel::RequestsFront*>(bad.raw_requests())->replies_read = 1'000'000;
  for (int i = 0; i < 8; ++i) bad.try_send(wire::RequestKind::call, method<&fill>(), 1000);
  wait_until([&] { return !bad.is_served(); });
  EXPECT_EQ(stage.open().ask(method<&add_one>(), 1).number(), 2);
  stage.stop();
  EXPECT_THAT(stage.complaints(), SizeIs(1));
}

TEST(DispatcherChannels, TakeTurnsOf64) {
  Stage stage;
  Client first = stage.open(128, 64 * 1024);
  Client second = stage.open(128, 64 * 1024);
  Client third = stage.open();
  third.call(method<&hold>(), 0);
  stage.wait_held();
  for (int i = 0; i < 100; ++i) first.tell(method<&note>(), 1);
  for (int i = 0; i < 100; ++i) second.tell(method<&note>(), 2);
  stage.let_go();
  stage.stop();
  std::vector<int> expected{0};
  for (const auto& [value, count] : {std::pair{1, 64}, {2, 64}, {1, 36}, {2, 36}}) expected.insert(expected.end(), count, value);
  EXPECT_EQ(stage.recorder().seen, expected);
}

TEST(DispatcherChannels, AClosedOneIsLetGoOf) {
  Stage stage;
  Client closed = stage.open();
  EXPECT_EQ(closed.ask(method<&add_one>(), 1).number(), 2);
  stage.close(stage.last_number());
  wait_until([&] { return !closed.is_served(); });
  EXPECT_EQ(stage.open().ask(method<&add_one>(), 1).number(), 2);
}

TEST(DispatcherChannels, RepliesThatFindNoRoomWaitForTheClient) {
  Stage stage;
  Client client = stage.open(16, 4096);
  for (int i = 0; i < 16; ++i) client.call(method<&fill>(), 1000 + i);
  wait_until([&] { return stage.status().calls_handled.load() == 16; });  // the host has not waited for the client
  for (int i = 0; i < 16; ++i) {
    const auto reply = client.wait_reply();
    EXPECT_EQ(reply.payload,
              std::vector<std::byte>(static_cast<std::size_t>(1000 + i), static_cast<std::byte>((1000 + i) & 0xff)));
  }
}

TEST(DispatcherChannels, ASmallReplyPassesLargeOnesThatWait) {
  Stage stage;
  Client client = stage.open(16, 4096);
  for (int i = 0; i < 15; ++i) client.call(method<&fill>(), static_cast<int>(kMostPayload));
  const auto small = client.call(method<&add_one>(), 1);
  wait_until([&] { return stage.status().calls_handled.load() == 16; });
  std::vector<channel::Ticket> order;
  for (int i = 0; i < 16; ++i) order.push_back(client.wait_reply().ticket);
  EXPECT_THAT(order, testing::Contains(small));
  EXPECT_NE(order.back(), small);
}

TEST(DispatcherStop, FinishesWhatHasBeenSent) {
  Stage stage;
  Client first = stage.open();
  Client second = stage.open(128, 64 * 1024);
  first.call(method<&hold>(), -1);
  stage.wait_held();
  for (int i = 0; i < 100; ++i) second.tell(method<&note>(), i);
  stage.post_stop();
  stage.let_go();
  EXPECT_EQ(stage.stop(), 0);
  EXPECT_THAT(stage.recorder().seen, SizeIs(101));
  EXPECT_EQ(first.wait_reply().kind, ReplyKind::value);
}

TEST(DispatcherStop, WaitsForRepliesThatFoundNoRoom) {
  Stage stage;
  Client client = stage.open(16, 4096);
  for (int i = 0; i < 16; ++i) client.call(method<&fill>(), 1000);
  stage.post_stop();
  for (int i = 0; i < 16; ++i) EXPECT_THAT(client.wait_reply().payload, SizeIs(1000));
  EXPECT_EQ(stage.stop(), 0);
}

TEST(DispatcherStop, DoesNotWaitForAClientThatIsGone) {
  Stage stage;
  Client client = stage.open(16, 4096);
  for (int i = 0; i < 16; ++i) client.call(method<&fill>(), 1000);
  stage.post_stop();
  wait_until([&] { return stage.status().calls_handled.load() == 16; });
  stage.close(stage.last_number());
  EXPECT_EQ(stage.stop(), 0);
}

}  // namespace
}  // namespace troupe::host
