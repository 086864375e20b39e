// SPDX-License-Identifier: BSL-1.0
#include "channel/host_end.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <cstring>
#include <string_view>
#include <system_error>
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

platform::SharedMemory HostEnd::create_reply_extents(const Geometry& geometry) {
  return platform::SharedMemory::create_sparse("the large replies of a channel", geometry.extent_bytes());
}

HostEnd::HostEnd(const Geometry& geometry, Memories memories, platform::Event client_event, std::uint32_t first_generation)
    : geometry_(geometry),
      max_ring_reply_(geometry.max_ring_reply()),
      requests_(memories.requests, platform::Access::read_only),
      replies_(memories.replies, platform::Access::read_write),
      states_(memories.states, platform::Access::read_write),
      client_event_(std::move(client_event)),
      requests_reader_(MappedCells(requests_.data() + sizeof(RequestsFront), geometry.request_cells)),
      request_extents_(std::move(memories.request_extents)),
      replies_writer_(MappedCells(replies_.data() + sizeof(RepliesFront), geometry.reply_cells)),
      extents_(std::move(memories.reply_extents)),
      generations_(geometry.slots, first_generation) {
  if (first_generation == 0) return;  // fresh memory says so
  for (std::uint32_t slot = 0; slot < geometry.slots; ++slot) {
    slot_word(static_cast<std::uint16_t>(slot)).store(SlotWord{first_generation}.pack(), std::memory_order_relaxed);
  }
}

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
    Request request{{header.slot, header.generation},
                    static_cast<wire::RequestKind>(header.kind),
                    {header.method},
                    header.deadline_ns,
                    {requests_reader_.record() + sizeof header, *payload_bytes},
                    wire::cells_for(sizeof header, *payload_bytes),
                    {},
                    0};
    if (header.flags != 0) {
      const auto marks = request_extents_.read_marks(header.flags, request.in_ring);
      request.extent = marks.extent;
      request.lease = marks.lease;
      has_large_mark_ |= marks.extent.bytes != 0;
    }
    return request;
  }
}

Claim HostEnd::start(const Request& request) {
  return SlotProtocol<>::start(slot_word(request.ticket.slot), request.ticket.generation);
}

bool HostEnd::is_started(Ticket ticket) const {
  return ticket.slot < geometry().slots && SlotProtocol<>::is_started(slot_word(ticket.slot), ticket.generation);
}

std::optional<HostEnd::Writer::Place> HostEnd::find_reply_place(std::uint32_t record_bytes) {
  const std::uint32_t cells = wire::cells_for(sizeof(wire::ReplyHeader), record_bytes);
  // A small one has its reserved cell: an honest client has read the reply that lay here before it used the slot again.
  const std::uint32_t spare = cells == 1 ? 0 : geometry_.slots;
  if (const auto place = replies_writer_.find(cells, spare)) return place;
  refresh_room();
  return replies_writer_.find(cells, spare);
}

void HostEnd::refresh_room() {
  if (!replies_writer_.release_until(requests_front().replies_read.load(std::memory_order_acquire))) {
    throw ProtocolError("the client says it has read replies that were never sent");
  }
  if (!sent_extents_.empty()) free_extents();
}

void HostEnd::free_extents() {
  auto next = sent_extents_.begin();
  for (; next != sent_extents_.end() && next->end <= replies_writer_.released(); ++next) extents_.give_back(next->extent);
  sent_extents_.erase(sent_extents_.begin(), next);
}

std::byte* HostEnd::draft_reply(std::size_t payload_bytes) {
  TROUPE_STEP_MARK("reply");
  discard_draft();
  if (payload_bytes > max_ring_reply_) [[unlikely]]
    return draft_large_reply(payload_bytes);
  draft_.is_open = true;
  draft_.record_bytes = static_cast<std::uint32_t>(payload_bytes);
  draft_.place = outbox_.empty() || payload_bytes <= wire::kCellBytes - sizeof(wire::ReplyHeader)
                     ? find_reply_place(draft_.record_bytes)
                     : std::nullopt;
  if (draft_.place) return replies_writer_.cells().at(draft_.place->cell) + sizeof(wire::ReplyHeader);
  draft_.bytes.resize(payload_bytes);
  return draft_.bytes.data();
}

std::byte* HostEnd::draft_large_reply(std::size_t payload_bytes) {
  if (payload_bytes > geometry_.payload_bytes) {
    throw SerializationError(
        fmt::format(
            "the result has {} bytes, and its channel carries at most {}; raise SpawnOptions::mailbox.payload, or return less",
            payload_bytes, geometry_.payload_bytes),
        Direction::result);
  }
  has_large_mark_ = true;
  draft_.place.reset();
  if (outbox_.empty()) {
    if (std::byte* payload = open_extent(payload_bytes, draft_.extent)) {
      draft_.record_bytes = sizeof draft_.extent;
      draft_.place = find_reply_place(draft_.record_bytes);
      draft_.is_open = true;
      return payload;
    }
  }
  draft_.bytes.resize(payload_bytes);
  draft_.is_open = true;
  return draft_.bytes.data();
}

// Null: no room now.
std::byte* HostEnd::open_extent(std::size_t payload_bytes, wire::ExtentReference& extent) {
  refresh_room();
  const auto place = extents_.take(payload_bytes);
  if (!place) return nullptr;
  try {
    std::byte* payload = extents_.open(*place);
    extent = place->extent;
    return payload;
  } catch (...) {
    extents_.give_back(place->extent, false);
    throw;
  }
}

void HostEnd::publish_reply(Ticket ticket, wire::ReplyKind kind, bool has_run) {
  if (!draft_.is_open) draft_reply(0);
  if (has_run) SlotProtocol<>::rearm_after_run(slot_word(ticket.slot), ticket.generation);
  ++generations_[ticket.slot];
  const wire::ExtentReference extent = std::exchange(draft_.extent, {});  // it has another owner from here on
  if (draft_.place) {
    if (extent.bytes != 0) name_extent(*draft_.place, extent);
    write_reply(*draft_.place, ticket, kind, draft_.record_bytes, wire::flags_of(extent, draft_.is_leased));
    if (!has_run) SlotProtocol<>::rearm_unrun(slot_word(ticket.slot), ticket.generation);
  } else {
    if (outbox_.size() >= geometry_.slots) throw ProtocolError("the client uses slots again whose replies it has not read");
    outbox_.push_back({ticket, kind, has_run, extent, draft_.is_leased, std::move(draft_.bytes)});
  }
  draft_.is_open = false;
}

void HostEnd::write_reply(const Writer::Place& place, Ticket ticket, wire::ReplyKind kind, std::uint32_t record_bytes,
                          std::uint8_t flags) {
  replies_writer_.open(place, [](std::byte* record) {
    record[offsetof(wire::ReplyHeader, kind)] = static_cast<std::byte>(wire::ReplyKind::padding);
  });
  const wire::ReplyHeader header{0, ticket.generation, ticket.slot, static_cast<std::uint8_t>(kind), flags};
  std::byte* record = replies_writer_.cells().at(place.cell);
  std::memcpy(record + sizeof header.commit, reinterpret_cast<const std::byte*>(&header) + sizeof header.commit,
              sizeof header - sizeof header.commit);
  replies_writer_.publish(place, record_bytes);
  TROUPE_STEP_MARK("reply is out");
}

// In the record at `place`, which is published next.
void HostEnd::name_extent(const Writer::Place& place, const wire::ExtentReference& extent) {
  std::memcpy(replies_writer_.cells().at(place.cell) + sizeof(wire::ReplyHeader), &extent, sizeof extent);
  sent_extents_.push_back({extent, replies_writer_.position() + place.padding + place.cells});
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
  for (; !outbox_.empty() && flush(outbox_.front()); outbox_.pop_front()) has_moved = true;
  return has_moved;
}

bool HostEnd::flush(Waiting& reply) {
  if (reply.bytes.size() > max_ring_reply_ && !move_to_extent(reply)) return false;
  const bool is_in_extent = reply.extent.bytes != 0;
  const auto record_bytes = static_cast<std::uint32_t>(is_in_extent ? sizeof reply.extent : reply.bytes.size());
  const auto place = find_reply_place(record_bytes);
  if (!place) return false;
  if (is_in_extent) {
    name_extent(*place, reply.extent);
  } else if (record_bytes != 0) {
    std::memcpy(replies_writer_.cells().at(place->cell) + sizeof(wire::ReplyHeader), reply.bytes.data(), record_bytes);
  }
  write_reply(*place, reply.ticket, reply.kind, record_bytes, wire::flags_of(reply.extent, reply.is_leased));
  if (!reply.has_run) SlotProtocol<>::rearm_unrun(slot_word(reply.ticket.slot), reply.ticket.generation);
  return true;
}

// False: no room now. Where there is no memory for it, the reply becomes one that says so.
bool HostEnd::move_to_extent(Waiting& reply) {
  try {
    std::byte* payload = open_extent(reply.bytes.size(), reply.extent);
    if (payload == nullptr) return false;
    std::memcpy(payload, reply.bytes.data(), reply.bytes.size());
    reply.bytes = {};
  } catch (const std::system_error& error) {
    const std::string_view text = std::string_view(error.what()).substr(0, geometry_.max_ring_reply() - wire::kLeaseBytes);
    const auto bytes = std::as_bytes(std::span(text));
    const std::vector<std::byte> lease(reply.is_leased ? reply.bytes.end() - wire::kLeaseBytes : reply.bytes.end(),
                                       reply.bytes.end());  // what its client has to give back
    reply.bytes.assign(bytes.begin(), bytes.end());
    reply.bytes.insert(reply.bytes.end(), lease.begin(), lease.end());
    reply.kind = wire::ReplyKind::unencodable;
  }
  return true;
}

void HostEnd::trim_extents() {
  refresh_room();
  while (extents_.trim()) {
  }
}

}  // namespace troupe::channel
