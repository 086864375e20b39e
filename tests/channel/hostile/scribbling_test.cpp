// SPDX-License-Identifier: BSL-1.0
// Peers that write into their memories while the other side works.
#include <gtest/gtest.h>
#include <troupe/error.hpp>

#include <optional>

#include "tests/channel/hostile/open_channel.hpp"
#include "tests/channel/hostile/scribbler.hpp"

namespace troupe::channel {
namespace {

using wire::RequestHeader;
using wire::SlotState;

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
    const Reaction reaction = react(host, request->in_ring.data() - sizeof(RequestHeader));
    EXPECT_NE(reaction, Reaction::strayed);
    refused += reaction == Reaction::refused ? 1 : 0;
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
