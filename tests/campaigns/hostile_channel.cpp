// SPDX-License-Identifier: BSL-1.0
#include "hostile_channel.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "tests/channel/hostile/open_channel.hpp"
#include "tests/channel/hostile/scribbler.hpp"

namespace troupe::campaigns {

namespace {

using channel::OpenChannel;
using channel::Reaction;

constexpr int kRequestBits = sizeof(wire::RequestHeader) * 8;
constexpr int kReplyBits = sizeof(wire::ReplyHeader) * 8;

// Pairs with repetition: (i, i) is one bit alone.
constexpr int pairs_of(int bits) { return bits * (bits + 1) / 2; }

std::pair<std::size_t, std::size_t> pair_of(int number) {
  int second = 0;
  while (number > second) number -= ++second;
  return {static_cast<std::size_t>(number), static_cast<std::size_t>(second)};
}

void flip_pair(std::byte* bytes, int number) {
  const auto [first, second] = pair_of(number);
  channel::flip(bytes, first);
  if (second != first) channel::flip(bytes, second);
}

void expect_unharmed(Reaction reaction, const char* who) {
  expect(reaction != Reaction::strayed, "the {} reads outside of its ring", who);
}

void flip_request(int number) {
  OpenChannel open;
  const std::byte* ring = channel::request_ring_of(open);
  channel::send(open.client, channel::pattern(100));
  channel::send(open.client, channel::pattern(10), wire::RequestKind::tell);
  channel::send(open.client, channel::pattern(60));
  flip_pair(open.request_at(1), number);
  expect_unharmed(channel::react(open.host, ring), "host");
}

void flip_reply(int number) {
  OpenChannel open;
  const std::byte* ring = channel::reply_ring_of(open);
  for (int i = 0; i < 3; ++i) channel::send(open.client);
  for (const std::size_t bytes : {100, 0, 60}) channel::serve(open.host, channel::pattern(bytes));
  flip_pair(open.reply_at(1), number);
  expect_unharmed(channel::react(open.client, ring), "client");
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

int header_flip_count() { return pairs_of(kRequestBits) + pairs_of(kReplyBits); }

void flip_header(int number) {
  if (number < pairs_of(kRequestBits)) return flip_request(number);
  flip_reply(number - pairs_of(kRequestBits));
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
