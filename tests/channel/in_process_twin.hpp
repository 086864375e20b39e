// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>
#include <troupe/error.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "channel/geometry.hpp"
#include "platform/memory.hpp"
#include "wire/envelope.hpp"

// What a channel promises, kept in the plainest way: one mutex, queues, and nothing shared with another process. The
// conformance suite runs against it and against the real one; where they differ, one of them is wrong.
namespace troupe::channel {

// Both ends' common state. Thread-safety: under `mutex`.
struct TwinState {
  struct Request {
    Ticket ticket;
    wire::RequestKind kind;
    wire::MethodId method;
    std::int64_t deadline_ns;
    std::vector<std::byte> payload;
    std::uint64_t extent;  // number of the one that holds the payload, or 0
  };
  struct Reply {
    Ticket ticket;
    wire::ReplyKind kind;
    std::vector<std::byte> payload;
  };
  struct Slot {
    std::uint32_t generation = 0;  // of its current or next use
    bool is_free = true;
    wire::SlotState state = wire::SlotState::queued;
    bool is_over = false;  // the host is done with this use
  };

  explicit TwinState(const Geometry& shape) : geometry(shape), slots(shape.slots) {}

  std::uint32_t cells(const Request& request) const {
    const std::size_t bytes = request.extent != 0 ? sizeof(wire::ExtentReference) : request.payload.size();
    return wire::cells_for(sizeof(wire::RequestHeader), bytes);
  }
  std::uint32_t cells(const Reply& reply) const {
    const std::size_t bytes = is_large(reply) ? sizeof(wire::ExtentReference) : reply.payload.size();
    return wire::cells_for(sizeof(wire::ReplyHeader), bytes);
  }
  bool is_large(const Reply& reply) const { return reply.payload.size() > geometry.max_ring_reply(); }
  template <class Queue>
  std::uint32_t cells_in(const Queue& queue) const {
    std::uint32_t sum = 0;
    for (const auto& each : queue) sum += cells(each);
    return sum;
  }
  bool has_room_for(const Reply& reply) const {
    if (is_large(reply) && large_bytes_in_replies() + pages(reply.payload.size()) > geometry.extent_bytes()) return false;
    return cells(reply) == 1 || cells_in(replies) + cells(reply) + geometry.slots <= geometry.reply_cells;
  }
  std::size_t large_bytes_in_replies() const {
    std::size_t sum = 0;
    for (const auto& each : replies) sum += is_large(each) ? pages(each.payload.size()) : 0;
    return sum;
  }
  static std::size_t pages(std::size_t bytes) { return platform::SharedMemory::in_pages(bytes); }
  bool can_flush() const { return !outbox.empty() && has_room_for(outbox.front()); }

  std::mutex mutex;
  std::condition_variable moved;
  const Geometry geometry;
  std::vector<Slot> slots;
  std::deque<Request> requests;
  std::deque<Reply> replies;
  std::deque<Reply> outbox;
  std::map<std::uint64_t, std::vector<std::byte>> extents;  // of requests not published yet, by number
  std::size_t extent_bytes_taken = 0;                       // by requests, in pages
  std::uint64_t last_extent = 0;
  std::uint64_t published = 0, taken = 0;
};

// Thread-safety: full.
class TwinClientEnd {
 public:
  explicit TwinClientEnd(std::shared_ptr<TwinState> state) : state_(std::move(state)) {}

  struct Draft {
    Ticket ticket;
    std::byte* payload = nullptr;
    std::uint32_t payload_bytes = 0;
    std::uint64_t extent = 0;
  };
  struct Reply {
    Ticket ticket;
    wire::ReplyKind kind;
    std::span<const std::byte> bytes;
  };
  struct Place {
    wire::ExtentReference extent;  // its offset is the number
  };

  std::optional<Draft> draft(std::uint32_t payload_bytes) {
    const std::lock_guard lock(state_->mutex);
    draft_.assign(payload_bytes, std::byte{0});
    const std::uint32_t wanted = wire::cells_for(sizeof(wire::RequestHeader), payload_bytes);
    if (state_->cells_in(state_->requests) + wanted > state_->geometry.request_cells) return std::nullopt;
    for (std::uint32_t slot = 0; slot < state_->slots.size(); ++slot) {
      if (!state_->slots[slot].is_free) continue;
      return Draft{{static_cast<std::uint16_t>(slot), state_->slots[slot].generation}, draft_.data(), payload_bytes};
    }
    return std::nullopt;
  }

  std::optional<Draft> draft(const wire::ExtentReference& extent) {
    auto named = draft(static_cast<std::uint32_t>(sizeof extent));
    if (named) named->extent = extent.offset;
    return named;
  }

  void publish(const Draft& draft, wire::RequestKind kind, wire::MethodId method, std::int64_t deadline_ns) {
    const std::lock_guard lock(state_->mutex);
    state_->slots[draft.ticket.slot].is_free = false;
    auto payload = draft.extent != 0 ? std::move(state_->extents.at(draft.extent)) : draft_;
    state_->extents.erase(draft.extent);
    state_->requests.push_back({draft.ticket, kind, method, deadline_ns, std::move(payload), draft.extent});
    ++state_->published;
  }

  std::optional<Place> take_extent(std::size_t payload_bytes) {
    const std::lock_guard lock(state_->mutex);
    const std::size_t wanted = TwinState::pages(payload_bytes);
    if (state_->extent_bytes_taken + wanted > state_->geometry.extent_bytes()) return std::nullopt;
    state_->extent_bytes_taken += wanted;
    const std::uint64_t number = ++state_->last_extent;
    state_->extents[number].resize(payload_bytes);
    return Place{{number, payload_bytes}};
  }
  std::byte* open_extent(const Place& place) {
    const std::lock_guard lock(state_->mutex);
    return state_->extents.at(place.extent.offset).data();
  }
  void give_back(const wire::ExtentReference& extent) {
    const std::lock_guard lock(state_->mutex);
    state_->extent_bytes_taken -= TwinState::pages(extent.bytes);
    state_->extents.erase(extent.offset);
  }

  std::optional<Reply> next_reply() {
    const std::lock_guard lock(state_->mutex);
    if (state_->replies.empty()) return std::nullopt;
    const auto& front = state_->replies.front();
    return Reply{front.ticket, front.kind, front.payload};
  }
  std::span<const std::byte> payload(const Reply& reply) const { return reply.bytes; }
  bool has_reply() const {
    const std::lock_guard lock(state_->mutex);
    return !state_->replies.empty();
  }
  void finish(const Reply& reply) {
    const std::lock_guard lock(state_->mutex);
    state_->slots[reply.ticket.slot] = {reply.ticket.generation + 1};
    state_->replies.pop_front();
  }

  void settle() { state_->moved.notify_all(); }
  void ring_host() { state_->moved.notify_all(); }
  std::uint64_t host_progress() const {
    const std::lock_guard lock(state_->mutex);
    return state_->taken;
  }

  Execution withdraw(Ticket ticket, wire::SlotState outcome) {
    const std::lock_guard lock(state_->mutex);
    auto& slot = state_->slots[ticket.slot];
    if (slot.generation != ticket.generation || slot.is_over) return Execution::done;
    if (slot.state == wire::SlotState::started) return Execution::maybe;
    if (slot.state == wire::SlotState::queued) slot.state = outcome;
    return Execution::not_started;
  }

  const Geometry& geometry() const { return state_->geometry; }
  // Blocks: until there is a reply, or the host has made progress since `seen_progress`.
  void wait(std::uint64_t seen_progress = UINT64_MAX) {
    std::unique_lock lock(state_->mutex);
    state_->moved.wait(
        lock, [&] { return !state_->replies.empty() || (seen_progress != UINT64_MAX && state_->taken != seen_progress); });
  }

 private:
  std::shared_ptr<TwinState> state_;
  std::vector<std::byte> draft_;
};

// Thread-safety: full.
class TwinHostEnd {
 public:
  explicit TwinHostEnd(std::shared_ptr<TwinState> state) : state_(std::move(state)) {}

  struct Request {
    Ticket ticket;
    wire::RequestKind kind;
    wire::MethodId method;
    std::int64_t deadline_ns;
    std::span<const std::byte> bytes;
  };

  std::span<const std::byte> payload(const Request& request) const { return request.bytes; }
  std::optional<Request> next() {
    const std::lock_guard lock(state_->mutex);
    if (state_->requests.empty()) return std::nullopt;
    const auto& front = state_->requests.front();
    return Request{front.ticket, front.kind, front.method, front.deadline_ns, front.payload};
  }
  bool has_request() const {
    const std::lock_guard lock(state_->mutex);
    return !state_->requests.empty();
  }

  Claim start(const Request& request) {
    const std::lock_guard lock(state_->mutex);
    auto& slot = state_->slots[request.ticket.slot];
    switch (std::exchange(slot.state, slot.state == wire::SlotState::queued ? wire::SlotState::started : slot.state)) {
      case wire::SlotState::queued:
        return Claim::won;
      case wire::SlotState::cancelled:
        return Claim::cancelled;
      case wire::SlotState::taken:
        return Claim::fenced;
      default:
        return Claim::broken;
    }
  }

  std::byte* draft_reply(std::size_t payload_bytes) {
    if (payload_bytes > state_->geometry.payload_bytes) throw SerializationError("the reply is too long", Direction::result);
    draft_.assign(payload_bytes, std::byte{0});
    return draft_.data();
  }
  void discard_draft() { draft_.clear(); }
  void publish_reply(Ticket ticket, wire::ReplyKind kind, bool has_run) {
    const std::lock_guard lock(state_->mutex);
    TwinState::Reply reply{ticket, kind, std::exchange(draft_, {})};
    const bool goes_out =
        state_->has_room_for(reply) && (state_->outbox.empty() || (state_->cells(reply) == 1 && !state_->is_large(reply)));
    if (has_run || goes_out) state_->slots[ticket.slot].is_over = true;
    (goes_out ? state_->replies : state_->outbox).push_back(std::move(reply));
  }
  void rearm(Ticket ticket) {
    const std::lock_guard lock(state_->mutex);
    state_->slots[ticket.slot].is_over = true;
  }
  void finish(const Request& request) {
    const std::lock_guard lock(state_->mutex);
    if (request.kind == wire::RequestKind::tell) state_->slots[request.ticket.slot] = {request.ticket.generation + 1};
    const auto& front = state_->requests.front();
    if (front.extent != 0) state_->extent_bytes_taken -= TwinState::pages(front.payload.size());
    state_->requests.pop_front();
    ++state_->taken;
  }
  void ring_client(bool) { state_->moved.notify_all(); }
  void ring_client_behind_start(bool has_replied) { ring_client(has_replied); }

  bool has_outbox() const {
    const std::lock_guard lock(state_->mutex);
    return !state_->outbox.empty();
  }
  bool has_new_room() const {
    const std::lock_guard lock(state_->mutex);
    return state_->can_flush();
  }
  bool flush_outbox() {
    const std::lock_guard lock(state_->mutex);
    bool has_moved = false;
    for (; state_->can_flush(); state_->outbox.pop_front(), has_moved = true) {
      state_->slots[state_->outbox.front().ticket.slot].is_over = true;
      state_->replies.push_back(std::move(state_->outbox.front()));
    }
    return has_moved;
  }

  std::uint64_t published_by_client() const {
    const std::lock_guard lock(state_->mutex);
    return state_->published;
  }
  std::uint64_t taken() const {
    const std::lock_guard lock(state_->mutex);
    return state_->taken;
  }
  const Geometry& geometry() const { return state_->geometry; }
  // Blocks: until there is a request, or room for a waiting reply.
  void wait() {
    std::unique_lock lock(state_->mutex);
    state_->moved.wait(lock, [&] { return !state_->requests.empty() || state_->can_flush(); });
  }

 private:
  std::shared_ptr<TwinState> state_;
  std::vector<std::byte> draft_;
};

}  // namespace troupe::channel
