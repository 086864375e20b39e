// SPDX-License-Identifier: BSL-1.0
// A peer that writes anything anywhere into its memory: the other side says ProtocolError, or is not harmed.
#include <gtest/gtest.h>
#include <troupe/error.hpp>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "tests/channel/conformance/channels.hpp"
#include "tests/channel/conformance/talk.hpp"

namespace troupe::channel {
namespace {

using wire::ReplyHeader;
using wire::ReplyKind;
using wire::RequestHeader;
using wire::RequestKind;
using wire::SlotState;

constexpr std::size_t kRequestRing = kSmall.request_cells * wire::kCellBytes;
constexpr std::size_t kReplyRing = kSmall.reply_cells * wire::kCellBytes;

// A channel, and every byte of its memories as the hostile side sees it.
struct OpenChannel : SharedMemoryChannel {
  OpenChannel()
      : requests_bytes(requests, platform::Access::read_write),
        replies_bytes(replies, platform::Access::read_write),
        states_bytes(states, platform::Access::read_write) {}

  std::byte* request_at(std::uint32_t cell) const {
    return requests_bytes.data() + sizeof(RequestsFront) + cell * wire::kCellBytes;
  }
  std::byte* reply_at(std::uint32_t cell) const { return replies_bytes.data() + sizeof(RepliesFront) + cell * wire::kCellBytes; }
  RequestsFront& requests_front() const { return *reinterpret_cast<RequestsFront*>(requests_bytes.data()); }
  RepliesFront& replies_front() const { return *reinterpret_cast<RepliesFront*>(replies_bytes.data()); }
  std::atomic<std::uint64_t>& slot_word(std::uint32_t slot) const {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(states_bytes.data() + sizeof(StatesFront))[slot];
  }

  platform::Mapping requests_bytes, replies_bytes, states_bytes;
};

void flip(std::byte* bytes, std::size_t bit) { bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8); }

template <class Header>
void change(std::byte* record, void (*edit)(Header&)) {
  Header header;
  std::memcpy(&header, record, sizeof header);
  edit(header);
  std::memcpy(record, &header, sizeof header);
}

// Reads all of it, so that a sanitizer or the kernel sees where it lies. `ring`: where it must lie.
void expect_inside(std::span<const std::byte> payload, const std::byte* ring, std::size_t ring_bytes) {
  EXPECT_GE(payload.data(), ring);
  EXPECT_LE(payload.data() + payload.size(), ring + ring_bytes);
  EXPECT_EQ(copy(payload).size(), payload.size());
}

// Serves whatever is there, as a host does that has read nothing of the client's code. True: it refused the channel.
bool host_refuses(HostEnd& host, const std::byte* ring) {
  try {
    for (int turns = 0; turns < 100; ++turns) {
      const auto request = host.next();
      if (!request) return false;
      expect_inside(request->in_ring, ring, kRequestRing);
      const Claim claim = host.start(*request);
      if (claim == Claim::fenced || claim == Claim::broken) return true;
      const bool has_run = claim == Claim::won;
      if (request->kind == RequestKind::call) {
        reply(host, request->ticket, pattern(70), has_run ? ReplyKind::value : ReplyKind::skipped, has_run);
      } else {
        host.rearm(request->ticket);
      }
      host.finish(*request);
      host.ring_client(true);
      host.flush_outbox();
    }
    return false;
  } catch (const ProtocolError&) {
    return true;
  }
}

bool client_refuses(ClientEnd& client, const std::byte* ring) {
  try {
    while (const auto found = client.next_reply()) {
      expect_inside(found->in_ring, ring, kReplyRing);
      client.finish(*found);
      client.settle();
    }
    (void)client.draft(100);
    return false;
  } catch (const ProtocolError&) {
    return true;
  }
}

// Takes the rings a few cells on, and returns where the host sees the request ring.
const std::byte* request_ring_of(OpenChannel& channel) {
  send(channel.client, pattern(8));
  const std::byte* ring = channel.host.next().value().in_ring.data() - sizeof(RequestHeader);
  serve(channel.host, pattern(8));
  receive(channel.client);
  return ring;
}

const std::byte* reply_ring_of(OpenChannel& channel) {
  send(channel.client, pattern(8));
  serve(channel.host, pattern(8));
  const std::byte* ring = channel.client.next_reply().value().in_ring.data() - sizeof(ReplyHeader);
  receive(channel.client);
  return ring;
}

// ---- hostile clients

TEST(HostileClient, WhoFlipsAnyBitOfARequestHeaderHarmsNobody) {
  int refused = 0;
  for (std::size_t bit = 0; bit < sizeof(RequestHeader) * 8; ++bit) {
    OpenChannel channel;
    const std::byte* ring = request_ring_of(channel);
    send(channel.client, pattern(100));
    send(channel.client, pattern(10), RequestKind::tell);
    send(channel.client, pattern(60));
    flip(channel.request_at(1), bit);
    refused += host_refuses(channel.host, ring) ? 1 : 0;
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
  EXPECT_TRUE(host_refuses(channel.host, ring));
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
  expect_inside(channel.host.next().value().in_ring, ring, kRequestRing);
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

// ---- hostile hosts

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
    refused += client_refuses(channel.client, ring) ? 1 : 0;
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
  EXPECT_TRUE(client_refuses(channel.client, ring));
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
                      ReplyForgery{"OfAnUnknownKind", [](ReplyHeader& header) { header.kind = 8; }}),
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

// ---- peers that scribble while the other side works

// Writes plausible and implausible words all over a memory until it is destroyed.
class Scribbler {
 public:
  explicit Scribbler(const platform::Mapping& mapping, std::uint64_t seed)
      : thread_([this, &mapping, seed] { scribble(mapping, seed); }) {}
  ~Scribbler() {
    has_to_stop_ = true;
    thread_.join();
  }
  Scribbler(const Scribbler&) = delete;
  Scribbler& operator=(const Scribbler&) = delete;

 private:
  void scribble(const platform::Mapping& mapping, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto* words = reinterpret_cast<std::atomic<std::uint64_t>*>(mapping.data());
    const std::size_t count = mapping.size_bytes() / sizeof *words;
    while (!has_to_stop_) {
      const std::size_t at = random() % count;
      const std::uint64_t commit =
          wire::Commit{static_cast<std::uint32_t>(random() % 16), static_cast<std::uint32_t>(random() % 5000)}.pack();
      const std::uint64_t header = (random() % 8 << 32) | (random() % 4 << 48) | random() % 6;
      words[at].store(at % 8 == 0 ? commit : at % 2 == 1 ? header : random(), std::memory_order_relaxed);
    }
  }

  std::atomic<bool> has_to_stop_{false};
  std::thread thread_;
};

TEST(HostileClient, WhoScribblesIntoItsMemoryWhileTheHostWorksHarmsNobody) {
  OpenChannel channel;
  const std::byte* ring = request_ring_of(channel);
  const std::ptrdiff_t to_ring = ring - channel.request_at(0);
  EXPECT_NE(to_ring, 0);  // the host has a mapping of its own
  const Scribbler requests(channel.requests_bytes, 3), states(channel.states_bytes, 4);
  int refused = 0;
  for (int round = 0; round < 3000 || refused == 0; ++round) {
    HostEnd host(kSmall, channel.memories(), {});
    const auto request = [&]() -> std::optional<HostEnd::Request> {
      try {
        return host.next();
      } catch (const ProtocolError&) {
        ++refused;
        return std::nullopt;
      }
    }();
    if (!request) continue;
    expect_inside(request->in_ring, request->in_ring.data() - sizeof(RequestHeader), kRequestRing);
    refused += host_refuses(host, request->in_ring.data() - sizeof(RequestHeader)) ? 1 : 0;
  }
  EXPECT_GT(refused, 0);
}

TEST(HostileHost, WhoScribblesIntoItsMemoryWhileTheClientWorksHarmsNobody) {
  OpenChannel channel;
  const Scribbler replies(channel.replies_bytes, 5), states(channel.states_bytes, 6);
  int refused = 0;
  for (int round = 0; round < 3000 || refused == 0; ++round) {
    ClientEnd client(kSmall, channel.memories(), platform::Event());
    try {
      for (int i = 0; i < 20; ++i) {
        if (const auto ticket = try_send(client, pattern(200))) client.withdraw(*ticket, SlotState::cancelled);
        client.ring_host();
        if (const auto found = client.next_reply()) {
          EXPECT_LE(copy(found->in_ring).size(), kReplyRing);
          client.finish(*found);
        }
      }
    } catch (const ProtocolError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace troupe::channel
