// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "tests/channel/conformance/channels.hpp"

// Short forms of what a client and a host do with their ends.
namespace troupe::channel {

using Bytes = std::vector<std::byte>;
constexpr wire::MethodId kMethod{7};

// Bytes that differ from place to place and from number to number.
inline Bytes pattern(std::size_t bytes, std::uint64_t number = 0) {
  Bytes result(bytes);
  std::uint64_t word = number * 0x9e3779b97f4a7c15 + bytes + 1;
  for (auto& each : result) {
    word = word * 6364136223846793005 + 1442695040888963407;
    each = static_cast<std::byte>(word >> 56);
  }
  return result;
}

inline Bytes copy(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

inline void fill(std::byte* place, std::span<const std::byte> bytes) {
  if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
}

template <class Client>
std::optional<Ticket> try_send_large(Client& client, std::span<const std::byte> payload, wire::RequestKind kind,
                                     wire::MethodId method) {
  const auto place = client.take_extent(payload.size());
  if (!place) return std::nullopt;
  fill(client.open_extent(*place), payload);
  const auto draft = client.draft(place->extent);
  if (!draft) {
    client.give_back(place->extent);
    return std::nullopt;
  }
  client.publish(*draft, kind, method, wire::kNoDeadline);
  return draft->ticket;
}

// Sends, but rings nobody. nullopt: no room now.
template <class Client>
std::optional<Ticket> try_send(Client& client, std::span<const std::byte> payload,
                               wire::RequestKind kind = wire::RequestKind::call, wire::MethodId method = kMethod) {
  if (payload.size() > client.geometry().max_ring_request()) return try_send_large(client, payload, kind, method);
  const auto draft = client.draft(static_cast<std::uint32_t>(payload.size()));
  if (!draft) return std::nullopt;
  fill(draft->payload, payload);
  client.publish(*draft, kind, method, wire::kNoDeadline);
  return draft->ticket;
}

template <class Client>
Ticket send(Client& client, std::span<const std::byte> payload = {}, wire::RequestKind kind = wire::RequestKind::call) {
  return try_send(client, payload, kind).value();
}

template <class Host>
void reply(Host& host, Ticket ticket, std::span<const std::byte> payload, wire::ReplyKind kind = wire::ReplyKind::value,
           bool has_run = true) {
  fill(host.draft_reply(payload.size()), payload);
  host.publish_reply(ticket, kind, has_run);
}

// Takes the next request, which must be there, and answers it. Returns what it carried.
template <class Host>
Bytes serve(Host& host, std::span<const std::byte> answer) {
  const auto request = host.next().value();
  const Bytes payload = copy(host.payload(request));
  if (host.start(request) != Claim::won) throw std::logic_error("the host did not win a call that nobody else wanted");
  if (request.kind == wire::RequestKind::call) {
    reply(host, request.ticket, answer);
  } else {
    host.rearm(request.ticket);
  }
  host.finish(request);
  return payload;
}

template <class Host>
Bytes serve(Host& host) {
  return serve(host, {});
}

// Takes the next reply, which must be there.
template <class Client>
Bytes receive(Client& client) {
  const auto reply = client.next_reply().value();
  const Bytes payload = copy(client.payload(reply));
  client.finish(reply);
  return payload;
}

}  // namespace troupe::channel
