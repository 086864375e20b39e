// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <memory>

#include "channel/client_end.hpp"
#include "channel/doorbell.hpp"
#include "channel/host_end.hpp"
#include "platform/futex.hpp"
#include "tests/channel/in_process_twin.hpp"

// The channels that the conformance suite runs against. Each has a client's and a host's end, and says how these wait.
namespace troupe::channel {

// Small, so that rings and extents fill soon.
constexpr std::size_t kSmallPayload = 10000;
constexpr Geometry kSmall{4, Geometry::kMinCells, Geometry::kMinCells + 4, kSmallPayload};

class SharedMemoryChannel {
 public:
  using Client = ClientEnd;
  using Host = HostEnd;

  explicit SharedMemoryChannel(const Geometry& geometry = kSmall)
      : requests(ClientEnd::create_requests(geometry)),
        replies(HostEnd::create_replies(geometry)),
        states(HostEnd::create_states(geometry)),
        request_extents(ClientEnd::create_request_extents(geometry)),
        reply_extents(HostEnd::create_reply_extents(geometry)),
        client(geometry, memories(), platform::Event()),
        host(geometry, memories(), platform::Event()) {}

  // Blocks: until there is a reply, or the host has made progress since `seen_progress`.
  static void wait(ClientEnd& client, std::uint64_t seen_progress = UINT64_MAX) {
    using Bell = DoorbellProtocol<>;
    const bool wants_room = seen_progress != UINT64_MAX;
    const auto is_ready = [&] { return client.has_reply() || (wants_room && client.host_progress() != seen_progress); };
    while (!is_ready()) {
      const std::uint32_t armed = Bell::arm(client.client_bell(), Rest::futex, wants_room);
      if (!is_ready()) platform::futex_wait(client.client_bell().state, armed, platform::FutexScope::shared);
      Bell::disarm(client.client_bell());
    }
  }

  // Blocks: until there is a request, or room for a waiting reply.
  static void wait(HostEnd& host) {
    using Bell = DoorbellProtocol<>;
    const auto is_ready = [&] { return host.has_request() || (host.wants_room() && host.has_new_room()); };
    while (!is_ready()) {
      const std::uint32_t armed = Bell::arm(host.host_bell(), Rest::futex, host.wants_room());
      if (!is_ready()) platform::futex_wait(host.host_bell().state, armed, platform::FutexScope::shared);
      Bell::disarm(host.host_bell());
    }
  }

  platform::SharedMemory requests, replies, states, request_extents, reply_extents;
  ClientEnd client;
  HostEnd host;

  // For one more end.
  Memories memories() const { return {requests, replies, states, shared(request_extents), shared(reply_extents)}; }

 private:
  static platform::SharedMemory shared(const platform::SharedMemory& memory) {
    return platform::SharedMemory::adopt(memory.handle().duplicate(), memory.size_bytes());
  }
};

class InProcessTwin {
 public:
  using Client = TwinClientEnd;
  using Host = TwinHostEnd;

  explicit InProcessTwin(const Geometry& geometry = kSmall) : InProcessTwin(std::make_shared<TwinState>(geometry)) {}

  static void wait(TwinClientEnd& client, std::uint64_t seen_progress = UINT64_MAX) { client.wait(seen_progress); }
  static void wait(TwinHostEnd& host) { host.wait(); }

  TwinClientEnd client;
  TwinHostEnd host;

 private:
  explicit InProcessTwin(const std::shared_ptr<TwinState>& state) : client(state), host(state) {}
};

}  // namespace troupe::channel
