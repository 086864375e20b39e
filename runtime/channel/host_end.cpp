// SPDX-License-Identifier: BSL-1.0
#include "channel/host_end.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <cstring>
#include <utility>

#include "platform/futex.hpp"
#include "platform/step_mark.hpp"

namespace troupe::channel {

platform::SharedMemory HostEnd::create_replies(const Geometry& geometry) {
  return platform::SharedMemory::create("the replies of a channel", geometry.reply_bytes());
}

platform::SharedMemory HostEnd::create_states(const Geometry& geometry) {
  return platform::SharedMemory::create("the states of a channel", geometry.state_bytes());
}

HostEnd::HostEnd(const Geometry& geometry, const platform::SharedMemory& requests, const platform::SharedMemory& replies,
                 const platform::SharedMemory& states, platform::Event client_event)
    : geometry_(geometry),
      requests_(requests, platform::Access::read_only),
      replies_(replies, platform::Access::read_write),
      states_(states, platform::Access::read_write),
      client_event_(std::move(client_event)),
      requests_reader_(MappedCells(requests_.data() + sizeof(RequestsFront), geometry.request_cells)),
      replies_writer_(MappedCells(replies_.data() + sizeof(RepliesFront), geometry.reply_cells)),
      generations_(geometry.slots) {}

std::optional<HostEnd::Request> HostEnd::next() {
  TROUPE_STEP_MARK("pop");
  for (;;) {
    const auto payload_bytes = requests_reader_.peek();
    if (!payload_bytes) return std::nullopt;
    wire::RequestHeader header;  // copied out once; checked and used only here
    std::memcpy(&header, requests_reader_.record(), sizeof header);
    if (static_cast<wire::RequestKind>(header.kind) == wire::RequestKind::padding) {
      if (requests_reader_.is_at_start()) throw ProtocolError("padding fills a whole ring");  // or this loop might never end
      requests_reader_.advance(requests_reader_.cells_to_end());
      continue;
    }
    if (!requests_reader_.fits(sizeof header, *payload_bytes)) throw ProtocolError("a request is longer than its ring");
    if (header.kind > static_cast<std::uint8_t>(wire::RequestKind::tell)) {
      throw ProtocolError(fmt::format("a request is of the unknown kind {}", header.kind));
    }
    if (header.slot >= geometry_.slots || header.generation != generations_[header.slot]) {
      throw ProtocolError(
          fmt::format("a request names the slot {}/{}, which is not armed for it", header.slot, header.generation));
    }
    return Request{{header.slot, header.generation},
                   static_cast<wire::RequestKind>(header.kind),
                   {header.method},
                   header.deadline_ns,
                   {requests_reader_.record() + sizeof header, *payload_bytes},
                   wire::cells_for(sizeof header, *payload_bytes)};
  }
}

Claim HostEnd::start(const Request& request) {
  return SlotProtocol<>::start(slot_word(request.ticket.slot), request.ticket.generation);
}

std::optional<HostEnd::Writer::Place> HostEnd::find_reply_place(std::uint32_t payload_bytes) {
  const std::uint32_t cells = wire::cells_for(sizeof(wire::ReplyHeader), payload_bytes);
  // A small one has its reserved cell: an honest client has read the reply that lay here before it used the slot again.
  const std::uint32_t spare = cells == 1 ? 0 : geometry_.slots;
  if (const auto place = replies_writer_.find(cells, spare)) return place;
  if (!replies_writer_.release_until(requests_front().replies_read.load(std::memory_order_acquire))) {
    throw ProtocolError("the client says it has read replies that were never sent");
  }
  return replies_writer_.find(cells, spare);
}

std::byte* HostEnd::draft_reply(std::uint32_t payload_bytes) {
  TROUPE_STEP_MARK("reply");
  if (payload_bytes > geometry_.max_reply_payload()) {
    throw SerializationError(
        fmt::format(
            "the result has {} bytes, and its channel carries at most {}; raise SpawnOptions::mailbox.bytes, or return less",
            payload_bytes, geometry_.max_reply_payload()),
        Direction::result);
  }
  draft_.is_open = true;
  draft_.payload_bytes = payload_bytes;
  draft_.place = outbox_.empty() || payload_bytes <= wire::kCellBytes - sizeof(wire::ReplyHeader)
                     ? find_reply_place(payload_bytes)
                     : std::nullopt;
  if (draft_.place) return replies_writer_.cells().at(draft_.place->cell) + sizeof(wire::ReplyHeader);
  draft_.bytes.resize(payload_bytes);
  return draft_.bytes.data();
}

void HostEnd::publish_reply(Ticket ticket, wire::ReplyKind kind, bool has_run) {
  if (!draft_.is_open) draft_reply(0);
  if (has_run) SlotProtocol<>::rearm_after_run(slot_word(ticket.slot), ticket.generation);
  ++generations_[ticket.slot];
  if (draft_.place) {
    write_reply(*draft_.place, ticket, kind, draft_.payload_bytes);
    if (!has_run) SlotProtocol<>::rearm_unrun(slot_word(ticket.slot), ticket.generation);
  } else {
    if (outbox_.size() >= geometry_.slots) throw ProtocolError("the client uses slots again whose replies it has not read");
    outbox_.push_back({ticket, kind, has_run, std::move(draft_.bytes)});
  }
  discard_draft();
}

void HostEnd::write_reply(const Writer::Place& place, Ticket ticket, wire::ReplyKind kind, std::uint32_t payload_bytes) {
  replies_writer_.open(place, [](std::byte* record) {
    record[offsetof(wire::ReplyHeader, kind)] = static_cast<std::byte>(wire::ReplyKind::padding);
  });
  const wire::ReplyHeader header{0, ticket.generation, ticket.slot, static_cast<std::uint8_t>(kind), 0};
  std::byte* record = replies_writer_.cells().at(place.cell);
  std::memcpy(record + sizeof header.commit, reinterpret_cast<const std::byte*>(&header) + sizeof header.commit,
              sizeof header - sizeof header.commit);
  replies_writer_.publish(place, payload_bytes);
  TROUPE_STEP_MARK("reply is out");
}

void HostEnd::rearm(Ticket ticket) {
  SlotProtocol<>::rearm_after_run(slot_word(ticket.slot), ticket.generation);
  ++generations_[ticket.slot];
}

void HostEnd::finish(const Request& request) {
  requests_reader_.advance(request.cells);
  taken_.store(taken_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  replies_front().requests_read.store(requests_reader_.position(), std::memory_order_release);
}

void HostEnd::ring_client(bool has_replied) {
  wake_client(has_replied ? DoorbellProtocol<>::look(client_bell()) : DoorbellProtocol<>::look_for_room(client_bell()));
}

void HostEnd::ring_client_behind_start(bool has_replied) {
  wake_client(DoorbellProtocol<>::look_behind_update(client_bell(), has_replied));
}

void HostEnd::wake_client(Wake wake) {
  if (wake.futex) platform::futex_wake(client_bell().state, 1, platform::FutexScope::shared);
  if (wake.event) client_event_.signal();
}

bool HostEnd::flush_outbox() {
  bool has_moved = false;
  for (; !outbox_.empty(); outbox_.pop_front(), has_moved = true) {
    const Waiting& reply = outbox_.front();
    const auto bytes = static_cast<std::uint32_t>(reply.bytes.size());
    const auto place = find_reply_place(bytes);
    if (!place) break;
    if (bytes != 0) std::memcpy(replies_writer_.cells().at(place->cell) + sizeof(wire::ReplyHeader), reply.bytes.data(), bytes);
    write_reply(*place, reply.ticket, reply.kind, bytes);
    if (!reply.has_run) SlotProtocol<>::rearm_unrun(slot_word(reply.ticket.slot), reply.ticket.generation);
  }
  return has_moved;
}

}  // namespace troupe::channel
