// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "tests/channel/conformance/channels.hpp"
#include "tests/channel/conformance/talk.hpp"

// A channel whose bytes somebody else writes, too, and what its ends make of that.
namespace troupe::channel {

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

inline void flip(std::byte* bytes, std::size_t bit) { bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8); }

template <class Header>
void change(std::byte* record, void (*edit)(Header&)) {
  Header header;
  std::memcpy(&header, record, sizeof header);
  edit(header);
  std::memcpy(record, &header, sizeof header);
}

// How an end takes what it finds.
enum class Reaction {
  served,
  refused,  // with ProtocolError, or as what no honest peer writes
  strayed,  // it would have read outside of its ring
};

// Reads all of it, so that a sanitizer or the kernel sees where it lies.
inline bool is_inside(std::span<const std::byte> payload, const std::byte* ring, std::size_t ring_bytes) {
  const bool is_there = payload.data() >= ring && payload.data() + payload.size() <= ring + ring_bytes;
  return is_there && copy(payload).size() == payload.size();
}

// Answers one request as a host does that has read nothing of its client's code.
inline Reaction serve_any(HostEnd& host, const HostEnd::Request& request) {
  const Claim claim = host.start(request);
  if (claim == Claim::fenced || claim == Claim::broken) return Reaction::refused;
  const bool has_run = claim == Claim::won;
  if (request.kind == wire::RequestKind::call) {
    reply(host, request.ticket, pattern(70), has_run ? wire::ReplyKind::value : wire::ReplyKind::skipped, has_run);
  } else {
    host.rearm(request.ticket);
  }
  host.finish(request);
  host.ring_client(true);
  host.flush_outbox();
  return Reaction::served;
}

// Serves whatever is there. `ring`: where this end sees the request ring.
inline Reaction react(HostEnd& host, const std::byte* ring) try {
  constexpr int kMostTurns = 100;
  for (int turns = 0; turns < kMostTurns; ++turns) {
    const auto request = host.next();
    if (!request) return Reaction::served;
    if (!is_inside(request->in_ring, ring, kRequestRing)) return Reaction::strayed;
    (void)copy(host.payload(*request));  // which may lie in an extent
    if (serve_any(host, *request) == Reaction::refused) return Reaction::refused;
  }
  return Reaction::served;
} catch (const ProtocolError&) {
  return Reaction::refused;
}

// Reads whatever is there, and looks for room.
inline Reaction react(ClientEnd& client, const std::byte* ring) try {
  while (const auto found = client.next_reply()) {
    if (!is_inside(found->in_ring, ring, kReplyRing)) return Reaction::strayed;
    (void)copy(client.payload(*found));
    client.finish(*found);
    client.settle();
  }
  (void)client.draft(100);
  return Reaction::served;
} catch (const ProtocolError&) {
  return Reaction::refused;
}

// Takes the rings a few cells on, and returns where the host sees the request ring.
inline const std::byte* request_ring_of(OpenChannel& channel) {
  send(channel.client, pattern(8));
  const std::byte* ring = channel.host.next().value().in_ring.data() - sizeof(wire::RequestHeader);
  serve(channel.host, pattern(8));
  receive(channel.client);
  return ring;
}

inline const std::byte* reply_ring_of(OpenChannel& channel) {
  send(channel.client, pattern(8));
  serve(channel.host, pattern(8));
  const std::byte* ring = channel.client.next_reply().value().in_ring.data() - sizeof(wire::ReplyHeader);
  receive(channel.client);
  return ring;
}

}  // namespace troupe::channel
