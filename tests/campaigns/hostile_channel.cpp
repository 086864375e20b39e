// SPDX-License-Identifier: BSL-1.0
#include "hostile_channel.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "tests/channel/hostile/open_channel.hpp"
#include "tests/channel/hostile/scribbler.hpp"

namespace troupe::campaigns {

namespace {

using channel::OpenChannel;
using channel::Reaction;

// What is flipped of a record, in bits of it: of one in the ring its header, of one in an extent what makes it such a one.
using Bits = std::vector<std::size_t>;

Bits bits_of(std::size_t offset, std::size_t bytes) {
  Bits bits(bytes * 8);
  std::iota(bits.begin(), bits.end(), offset * 8);
  return bits;
}

template <class Header>
const Bits& header_bits() {
  static const Bits bits = bits_of(0, sizeof(Header));
  return bits;
}

template <class Header>
const Bits& extent_bits() {
  static const Bits bits = [] {
    Bits flags = bits_of(offsetof(Header, flags), sizeof(Header::flags));
    const Bits reference = bits_of(sizeof(Header), sizeof(wire::ExtentReference));
    flags.insert(flags.end(), reference.begin(), reference.end());
    return flags;
  }();
  return bits;
}

// Pairs with repetition: (i, i) is one bit alone.
int pairs_of(const Bits& bits) { return static_cast<int>(bits.size() * (bits.size() + 1) / 2); }

std::pair<std::size_t, std::size_t> pair_of(int number) {
  int second = 0;
  while (number > second) number -= ++second;
  return {static_cast<std::size_t>(number), static_cast<std::size_t>(second)};
}

void flip_pair(std::byte* record, const Bits& bits, int number) {
  const auto [first, second] = pair_of(number);
  channel::flip(record, bits[first]);
  if (second != first) channel::flip(record, bits[second]);
}

void expect_unharmed(Reaction reaction, const char* who) {
  expect(reaction != Reaction::strayed, "the {} reads outside of its ring", who);
}

// More than the ring takes.
channel::Bytes large() { return channel::pattern(channel::kSmallPayload); }

// The one in the middle of three is flipped.
void flip_request(const channel::Bytes& payload, const Bits& bits, int number) {
  OpenChannel open;
  const std::byte* ring = channel::request_ring_of(open);
  channel::send(open.client, channel::pattern(100));
  channel::send(open.client, payload, wire::RequestKind::tell);
  channel::send(open.client, channel::pattern(60));
  flip_pair(open.request_at(1), bits, number);
  expect_unharmed(channel::react(open.host, ring), "host");
}

void flip_reply(const channel::Bytes& payload, const Bits& bits, int number) {
  OpenChannel open;
  const std::byte* ring = channel::reply_ring_of(open);
  for (int i = 0; i < 3; ++i) channel::send(open.client);
  for (const auto& each : {channel::pattern(100), payload, channel::pattern(60)}) channel::serve(open.host, each);
  flip_pair(open.reply_at(1), bits, number);
  expect_unharmed(channel::react(open.client, ring), "client");
}

void flip_small_request(int number) { flip_request(channel::pattern(10), header_bits<wire::RequestHeader>(), number); }
void flip_large_request(int number) { flip_request(large(), extent_bits<wire::RequestHeader>(), number); }
void flip_small_reply(int number) { flip_reply({}, header_bits<wire::ReplyHeader>(), number); }
void flip_large_reply(int number) { flip_reply(large(), extent_bits<wire::ReplyHeader>(), number); }

struct Flips {
  void (*flip)(int number);
  int count;
};

const std::vector<Flips>& all_flips() {
  static const std::vector<Flips> all = {{&flip_small_request, pairs_of(header_bits<wire::RequestHeader>())},
                                         {&flip_small_reply, pairs_of(header_bits<wire::ReplyHeader>())},
                                         {&flip_large_request, pairs_of(extent_bits<wire::RequestHeader>())},
                                         {&flip_large_reply, pairs_of(extent_bits<wire::ReplyHeader>())}};
  return all;
}

std::uint64_t draw_word(Random& random, std::uint64_t before) {
  switch (uniform(random, 0, 4)) {
    case 0:
      return before ^ std::uint64_t{1} << uniform(random, 0, 63);
    case 1:
      return before + static_cast<std::uint64_t>(uniform(random, -2, 2));
    case 2:
      return static_cast<std::uint64_t>(uniform(random, 0, 9)) << 32 | static_cast<std::uint64_t>(uniform(random, 0, 9));
    case 3:
      return 0;
    default:
      return random();
  }
}

// A word in the first few cells of one of the memories, where everything that is in use lies.
void write_somewhere(const OpenChannel& open, Random& random) {
  const platform::Mapping* memories[] = {&open.requests_bytes, &open.replies_bytes, &open.states_bytes};
  const platform::Mapping& memory = *memories[uniform(random, 0, 2)];
  const int words = static_cast<int>(std::min<std::size_t>(memory.size_bytes(), 16 * wire::kCellBytes) / sizeof(std::uint64_t));
  auto& word = reinterpret_cast<std::atomic<std::uint64_t>*>(memory.data())[uniform(random, 0, words - 1)];
  word.store(draw_word(random, word.load(std::memory_order_relaxed)), std::memory_order_relaxed);
}

bool try_to_send(channel::ClientEnd& client, Random& random) try {
  const auto payload = channel::pattern(static_cast<std::size_t>(uniform(random, 0, 300)));
  const auto kind = one_in(random, 4) ? wire::RequestKind::tell : wire::RequestKind::call;
  const auto ticket = channel::try_send(client, payload, kind);
  client.ring_host();
  if (ticket && one_in(random, 8)) client.withdraw(*ticket, wire::SlotState::cancelled);
  return true;
} catch (const ProtocolError&) {
  return false;
}

}  // namespace

int flip_count() {
  int count = 0;
  for (const Flips& each : all_flips()) count += each.count;
  return count;
}

void flip(int number) {
  for (const Flips& each : all_flips()) {
    if (number < each.count) return each.flip(number);
    number -= each.count;
  }
}

// An end that has refused the channel is not used any more, as in its process.
void damage_channel(Random& random) {
  OpenChannel open;
  const std::byte* requests = channel::request_ring_of(open);
  const std::byte* replies = channel::reply_ring_of(open);
  bool host_refuses = false;
  bool client_refuses = false;
  for (int steps = uniform(random, 3, 12); steps > 0; --steps) {
    switch (uniform(random, 0, 3)) {
      case 0:
        if (!client_refuses) client_refuses = !try_to_send(open.client, random);
        break;
      case 1:
        if (!host_refuses) {
          const Reaction reaction = channel::react(open.host, requests);
          expect_unharmed(reaction, "host");
          host_refuses = reaction == Reaction::refused;
        }
        break;
      case 2:
        if (!client_refuses) {
          const Reaction reaction = channel::react(open.client, replies);
          expect_unharmed(reaction, "client");
          client_refuses = reaction == Reaction::refused;
        }
        break;
      default:
        write_somewhere(open, random);
    }
  }
}

// Each end is made anew when it has refused, and has honest memory of its own otherwise.
void scribble_on_channel(Random& random) {
  constexpr int kRounds = 50;
  OpenChannel open;
  const channel::Scribbler requests(open.requests_bytes, random());
  const channel::Scribbler states(open.states_bytes, random());
  const channel::Scribbler replies(open.replies_bytes, random());
  for (int round = 0; round < kRounds; ++round) {
    channel::HostEnd host(channel::kSmall, open.memories(), {});
    channel::ClientEnd client(channel::kSmall, open.memories(), {});
    for (int i = 0; i < 10 && try_to_send(client, random); ++i) {
      try {
        if (const auto request = host.next()) channel::serve_any(host, *request);
        if (const auto reply = client.next_reply()) client.finish(*reply);
      } catch (const ProtocolError&) {
        break;
      }
    }
  }
}

}  // namespace troupe::campaigns
