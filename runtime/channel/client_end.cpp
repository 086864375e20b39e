// SPDX-License-Identifier: BSL-1.0
#include "channel/client_end.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "platform/futex.hpp"

namespace troupe::channel {

platform::SharedMemory ClientEnd::create_requests(const Geometry& geometry) {
  return platform::SharedMemory::create("the requests of a channel", geometry.request_bytes());
}

platform::SharedMemory ClientEnd::create_request_extents(const Geometry& geometry) {
  return platform::SharedMemory::create_sparse("the large requests of a channel", geometry.extent_bytes());
}

ClientEnd::ClientEnd(const Geometry& geometry, Memories memories, platform::Event host_event)
    : geometry_(geometry),
      max_ring_request_(geometry.max_ring_request()),
      queue_mask_(std::bit_ceil(geometry.slots) - 1),
      requests_(memories.requests, platform::Access::read_write),
      replies_(memories.replies, platform::Access::read_only),
      states_(memories.states, platform::Access::read_write),
      host_event_(std::move(host_event)),
      generations_(std::make_unique<std::atomic<std::uint32_t>[]>(geometry.slots)),
      requests_writer_(MappedCells(requests_.data() + sizeof(RequestsFront), geometry.request_cells)),
      tells_(queue_mask_ + 1),
      extents_(std::move(memories.request_extents)),
      replies_reader_(MappedCells(replies_.data() + sizeof(RepliesFront), geometry.reply_cells)),
      reply_extents_(std::move(memories.reply_extents)),
      returned_(std::make_unique<std::uint16_t[]>(queue_mask_ + 1)) {
  free_slots_.reserve(geometry.slots);
  arm_all_slots(0);
}

void ClientEnd::arm_all_slots(std::uint32_t generation) {
  free_slots_.clear();
  for (std::uint32_t slot = geometry_.slots; slot-- > 0;) {
    free_slots_.push_back(static_cast<std::uint16_t>(slot));
    generations_[slot].store(generation, std::memory_order_relaxed);
  }
}

std::optional<ClientEnd::Draft> ClientEnd::draft(std::uint32_t payload_bytes) {
  if (free_slots_.empty() && !find_free_slot()) return std::nullopt;
  const std::uint32_t cells = wire::cells_for(sizeof(wire::RequestHeader), payload_bytes);
  auto place = requests_writer_.find(cells);
  if (!place) {
    refresh_room();
    place = requests_writer_.find(cells);
    if (!place) return std::nullopt;
  }
  const std::uint16_t slot = free_slots_.back();
  const std::uint32_t generation = generations_[slot].load(std::memory_order_relaxed);
  std::byte* record = requests_writer_.cells().at(place->cell);
  return Draft{{slot, generation}, record + sizeof(wire::RequestHeader), payload_bytes, *place};
}

std::optional<ClientEnd::Draft> ClientEnd::draft(const wire::ExtentReference& extent) {
  if (slot_extents_.empty()) slot_extents_.resize(geometry_.slots);
  auto named = draft(static_cast<std::uint32_t>(sizeof extent));
  if (!named) return std::nullopt;
  std::memcpy(named->payload, &extent, sizeof extent);
  named->extent = extent;
  return named;
}

std::optional<ExtentWriter::Place> ClientEnd::take_extent(std::size_t payload_bytes) {
  collect_returned();
  refresh_room();
  return extents_.take(payload_bytes);
}

bool ClientEnd::trim_extents() {
  collect_returned();
  refresh_room();
  return extents_.trim();
}

void ClientEnd::publish(const Draft& draft, wire::RequestKind kind, wire::MethodId method, std::int64_t deadline_ns) {
  requests_writer_.open(draft.place, [](std::byte* record) {
    record[offsetof(wire::RequestHeader, kind)] = static_cast<std::byte>(wire::RequestKind::padding);
  });
  std::byte* record = draft.payload - sizeof(wire::RequestHeader);
  const std::uint8_t flags = wire::flags_of(draft.extent, draft.is_leased);
  const wire::RequestHeader header{
      0, method.value, draft.ticket.slot, static_cast<std::uint8_t>(kind), flags, draft.ticket.generation, 0, deadline_ns};
  std::memcpy(record + sizeof header.commit, reinterpret_cast<const std::byte*>(&header) + sizeof header.commit,
              sizeof header - sizeof header.commit);
  free_slots_.pop_back();
  if (draft.extent.bytes != 0) slot_extents_[draft.ticket.slot] = draft.extent;
  requests_writer_.publish(draft.place, draft.payload_bytes);
  requests_front().published.store(++published_, std::memory_order_relaxed);
  if (kind == wire::RequestKind::tell) {
    const std::uint32_t end = tells_end_.load(std::memory_order_relaxed);
    tells_[end & queue_mask_] = {draft.ticket.slot, requests_writer_.position()};
    tells_end_.store(end + 1, std::memory_order_relaxed);
  }
}

// The ring's bytes are this process's own, but where its records begin is the host's word. So they must follow each other, up to
// the last one; else none is known.
std::vector<ClientEnd::Left> ClientEnd::judge(Which which) {
  std::vector<Left> left;
  const auto& cells = requests_writer_.cells();
  std::uint64_t position = requests_writer_.released();
  std::uint32_t tag = wire::Commit::unpack(commit_at(position)).tag;
  for (; position < requests_writer_.position(); ++tag) {
    const auto cell = static_cast<std::uint32_t>(position % cells.count());
    const auto commit = wire::Commit::unpack(commit_at(position));
    wire::RequestHeader header;
    std::memcpy(&header, cells.at(cell), sizeof header);
    const auto kind = static_cast<wire::RequestKind>(header.kind);
    const bool is_padding = kind == wire::RequestKind::padding;
    const std::uint32_t taken = is_padding ? cells.count() - cell : wire::cells_for(sizeof header, commit.payload_bytes);
    const bool is_sane = commit.tag == tag && taken <= cells.count() - cell && kind <= wire::RequestKind::tell &&
                         (is_padding || header.slot < geometry_.slots);
    if (!is_sane) return {};
    position += taken;
    if (is_padding || which == (kind == wire::RequestKind::tell ? Which::calls : Which::tells)) continue;
    const Ticket ticket{header.slot, header.generation};
    const Execution execution = withdraw(ticket, wire::SlotState::taken);
    if (execution == Execution::done) continue;
    left.push_back({ticket,
                    kind,
                    execution,
                    {header.method},
                    header.deadline_ns,
                    (header.flags & wire::kLeased) != 0,
                    {cells.at(cell) + sizeof header, commit.payload_bytes}});
  }
  const bool is_whole = position == requests_writer_.position() && (left.empty() || tag == requests_writer_.next_tag());
  return is_whole ? std::move(left) : std::vector<Left>();
}

std::uint64_t ClientEnd::commit_at(std::uint64_t position) const {
  const auto& cells = requests_writer_.cells();
  return cells.commit(static_cast<std::uint32_t>(position % cells.count())).load(std::memory_order_relaxed);
}

wire::ExtentReference ClientEnd::take_extent_of(Ticket ticket) {
  return slot_extents_.empty() ? wire::ExtentReference{} : std::exchange(slot_extents_[ticket.slot], {});
}

// The generations are later than all that there were, so that nothing of an old life can be taken for the new one's. The writer
// looks at the word behind each record before it publishes; so of the old bytes only the first could pass for a tag.
std::uint32_t ClientEnd::empty_for_next_life() {
  std::uint32_t last = 0;
  for (std::uint32_t slot = 0; slot < geometry_.slots; ++slot) {
    last = std::max(last, generations_[slot].load(std::memory_order_relaxed));
  }
  for (auto& extent : slot_extents_) {
    if (extent.bytes != 0) extents_.give_back(std::exchange(extent, {}));
  }
  requests_front().replies_read.store(0, std::memory_order_relaxed);
  requests_front().published.store(published_ = 0, std::memory_order_relaxed);
  requests_writer_.cells().commit(0).store(0, std::memory_order_relaxed);
  requests_writer_ = RingWriter(requests_writer_.cells());
  tells_begin_ = 0;
  tells_end_.store(0, std::memory_order_relaxed);
  arm_all_slots(last + 1);
  return last + 1;
}

void ClientEnd::reopen(NextLife next) {
  replies_.replace(next.replies, platform::Access::read_only);
  states_.replace(next.states, platform::Access::read_write);
  host_event_.replace(std::move(next.host_event));
  reply_extents_ = ExtentReader(std::move(next.reply_extents));
  replies_reader_ = RingReader(replies_reader_.cells());
  returned_read_ = returned_written_.load(std::memory_order_relaxed);
  finished_before_.store(returned_read_, std::memory_order_relaxed);
}

bool ClientEnd::find_free_slot() {
  collect_returned();
  if (free_slots_.empty()) refresh_room();
  return !free_slots_.empty();
}

// Its request is over, and so is the extent that it lay in.
void ClientEnd::free_slot(std::uint16_t slot) {
  free_slots_.push_back(slot);
  if (slot_extents_.empty() || slot_extents_[slot].bytes == 0) return;
  extents_.give_back(std::exchange(slot_extents_[slot], {}));
}

void ClientEnd::collect_returned() {
  const std::uint32_t written = returned_written_.load(std::memory_order_acquire);  // pairs with the release in finish
  while (returned_read_ != written) free_slot(returned_[returned_read_++ & queue_mask_]);
}

void ClientEnd::refresh_room() {
  // Pairs with the release in HostEnd::finish: the slots of requests before it have been rearmed.
  if (!requests_writer_.release_until(replies_front().requests_read.load(std::memory_order_acquire))) {
    throw ProtocolError("the host says it has read requests that were never sent");
  }
  const std::uint32_t tells_end = tells_end_.load(std::memory_order_relaxed);
  for (; tells_begin_ != tells_end && tells_[tells_begin_ & queue_mask_].end <= requests_writer_.released(); ++tells_begin_) {
    const std::uint16_t slot = tells_[tells_begin_ & queue_mask_].slot;
    generations_[slot].store(generations_[slot].load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    free_slot(slot);
  }
}

std::optional<ClientEnd::Reply> ClientEnd::next_reply() {
  for (;;) {
    const auto payload_bytes = replies_reader_.peek();
    if (!payload_bytes) return std::nullopt;
    wire::ReplyHeader header;  // copied out once; checked and used only here
    std::memcpy(&header, replies_reader_.record(), sizeof header);
    if (static_cast<wire::ReplyKind>(header.kind) == wire::ReplyKind::padding) {
      if (replies_reader_.is_at_start()) throw ProtocolError("padding fills a whole ring");  // or this loop might never end
      replies_reader_.advance(replies_reader_.cells_to_end());
      continue;
    }
    if (!replies_reader_.fits(sizeof header, *payload_bytes)) throw ProtocolError("a reply is longer than its ring");
    if (header.kind > static_cast<std::uint8_t>(wire::ReplyKind::no_stream)) {
      throw ProtocolError(fmt::format("a reply is of the unknown kind {}", header.kind));
    }
    if (header.slot >= geometry_.slots || header.generation != generations_[header.slot].load(std::memory_order_relaxed)) {
      throw ProtocolError(fmt::format("a reply names the call {}/{}, which is not waiting", header.slot, header.generation));
    }
    Reply reply{{header.slot, header.generation},
                static_cast<wire::ReplyKind>(header.kind),
                {replies_reader_.record() + sizeof header, *payload_bytes},
                wire::cells_for(sizeof header, *payload_bytes),
                {},
                0};
    if (header.flags != 0) {
      const auto marks = reply_extents_.read_marks(header.flags, reply.in_ring);
      reply.extent = marks.extent;
      reply.lease = marks.lease;
    }
    return reply;
  }
}

void ClientEnd::finish(const Reply& reply) {
  replies_reader_.advance(reply.cells);
  requests_front().replies_read.store(replies_reader_.position(), std::memory_order_release);
  generations_[reply.ticket.slot].store(reply.ticket.generation + 1, std::memory_order_relaxed);
  const std::uint32_t written = returned_written_.load(std::memory_order_relaxed);
  returned_[written & queue_mask_] = reply.ticket.slot;
  returned_written_.store(written + 1, std::memory_order_release);
}

void ClientEnd::settle() { wake_host(DoorbellProtocol<>::look_for_room(host_bell())); }

void ClientEnd::settle_behind_update() { wake_host(DoorbellProtocol<>::look_behind_update(host_bell(), false)); }

void ClientEnd::ring_host() { wake_host(DoorbellProtocol<>::look(host_bell())); }

void ClientEnd::ring_host_behind_update() { wake_host(DoorbellProtocol<>::look_behind_update(host_bell(), true)); }

void ClientEnd::wake_host(Wake wake) {
  if (wake.futex) platform::futex_wake(host_bell().state, 1, platform::FutexScope::shared);
  if (wake.event) host_event_.signal();
}

Execution ClientEnd::withdraw(Ticket ticket, wire::SlotState outcome) {
  return SlotProtocol<>::withdraw(slot_word(ticket.slot), ticket.generation, outcome);
}

bool ClientEnd::has_ended(Ticket ticket) const { return SlotProtocol<>::has_ended(slot_word(ticket.slot), ticket.generation); }

bool ClientEnd::is_started(Ticket ticket) const { return SlotProtocol<>::is_started(slot_word(ticket.slot), ticket.generation); }

}  // namespace troupe::channel
