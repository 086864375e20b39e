// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "channel/extents.hpp"
#include "channel/geometry.hpp"
#include "channel/ring.hpp"
#include "platform/event.hpp"
#include "platform/memory.hpp"

namespace troupe::channel {

// The host's end of a channel: takes requests out of the ring, wins them, puts replies in. Never waits for the client: a
// reply that finds no room goes to an outbox here, bounded by the slots. Dispatch is left to the host room.
// Thread-safety: one thread at a time; the doorbells any thread.
class HostEnd {
 public:
  // Requests and their extents came from the client; the others are made here, see create_…. `first_generation`: of each
  // slot; the client counts them through all lives of an actor.
  // Errors: std::system_error (no address space).
  [[gnu::cold]] HostEnd(const Geometry& geometry, Memories memories, platform::Event client_event,
                        std::uint32_t first_generation = 0);
  HostEnd(const HostEnd&) = delete;
  HostEnd& operator=(const HostEnd&) = delete;

  static platform::SharedMemory create_replies(const Geometry& geometry);
  static platform::SharedMemory create_states(const Geometry& geometry);
  static platform::SharedMemory create_reply_extents(const Geometry& geometry);

  struct Request {
    Ticket ticket;
    wire::RequestKind kind = wire::RequestKind::call;
    wire::MethodId method;
    std::int64_t deadline_ns = wire::kNoDeadline;
    std::span<const std::byte> in_ring;  // see payload()
    std::uint32_t cells = 0;
    wire::ExtentReference extent{};
    std::uint64_t lease = 0;  // of the proxies in it; 0: none
  };

  // The next request in order, checked. Errors: ProtocolError.
  std::optional<Request> next();
  // What it carries, valid until finish(); the client may change it at any moment.
  // Errors: std::system_error (no address space).
  std::span<const std::byte> payload(const Request& request) {
    return request.extent.bytes == 0 ? request.in_ring : request_extents_.at(request.extent);
  }
  bool has_request() const { return requests_reader_.peek().has_value(); }
  Claim start(const Request& request);
  // Whether it was won, and has not ended. Thread-safety: any thread.
  bool is_started(Ticket ticket) const;

  // Room for a reply, in the ring, an extent or the outbox. Errors: SerializationError over geometry().payload_bytes;
  // std::system_error or std::bad_alloc (no memory for a large one).
  std::byte* draft_reply(std::size_t payload_bytes);
  // What was drafted ends with a lease.
  void lease_draft() { draft_.is_leased = true; }
  // Sends what was drafted, or an empty reply if nothing was. `has_run`: see slot.hpp for the order this decides.
  // Errors: ProtocolError when a client that never reads has filled the outbox.
  void publish_reply(Ticket ticket, wire::ReplyKind kind, bool has_run);
  void discard_draft() {
    draft_.is_open = false;
    draft_.is_leased = false;
    if (draft_.extent.bytes != 0) [[unlikely]]
      extents_.give_back(std::exchange(draft_.extent, {}));
  }
  // A tell's slot is free again; no reply.
  void rearm(Ticket ticket);

  // Its place in the ring is free again. In order, after the reply or rearm.
  void finish(const Request& request);
  // Wakes the client if it sleeps and there is a reply, or else only if it waits for room. After each finish().
  void ring_client(bool has_replied);
  // The same at less cost, right behind start() of the request after: its compare-and-swap is the fence that this needs.
  void ring_client_behind_start(bool has_replied);

  bool has_outbox() const { return !outbox_.empty(); }
  // Moves replies from the outbox to the ring, as many as fit; true: some did (then ring_client). Errors: ProtocolError.
  [[gnu::cold]] bool flush_outbox();
  // More memory is backed for large replies than shall be kept: trim_extents() is due when the client has read them.
  bool has_excess_extents() const { return extents_.has_excess(); }
  [[gnu::cold]] void trim_extents();
  // Whether there has been a payload in an extent since this was asked last.
  bool take_large_mark() { return std::exchange(has_large_mark_, false); }
  // Whether something waits for the client to read replies.
  bool wants_room() const { return has_outbox() || has_excess_extents(); }
  // Whether the client has read replies since room was last looked for: flush_outbox() may move something.
  bool has_new_room() const {
    return requests_front().replies_read.load(std::memory_order_relaxed) != replies_writer_.released();
  }

  std::uint64_t published_by_client() const { return requests_front().published.load(std::memory_order_relaxed); }
  std::uint64_t taken() const { return taken_.load(std::memory_order_relaxed); }

  DoorbellWords<>& host_bell() const { return states_front().host_bell; }
  DoorbellWords<>& client_bell() const { return states_front().client_bell; }
  const Geometry& geometry() const { return geometry_; }

 private:
  using Word = SlotProtocol<>::Word;
  using Writer = RingWriter<MappedCells>;

  struct Draft {
    bool is_open = false;
    std::optional<Writer::Place> place;  // in the ring
    wire::ExtentReference extent{};      // with bytes: the payload is there, and the record names it
    std::vector<std::byte> bytes;        // the payload, where there was room for neither; kept for the next one
    std::uint32_t record_bytes = 0;      // payload bytes in the ring
    bool is_leased = false;
  };
  struct Waiting {
    Ticket ticket;
    wire::ReplyKind kind;
    bool has_run;
    wire::ExtentReference extent;
    bool is_leased;
    std::vector<std::byte> bytes;
  };
  struct SentExtent {
    wire::ExtentReference extent;
    std::uint64_t end;  // position behind its record
  };

  const RequestsFront& requests_front() const { return *reinterpret_cast<const RequestsFront*>(requests_.data()); }
  RepliesFront& replies_front() const { return *reinterpret_cast<RepliesFront*>(replies_.data()); }
  StatesFront& states_front() const { return *reinterpret_cast<StatesFront*>(states_.data()); }
  Word& slot_word(std::uint16_t slot) const { return reinterpret_cast<Word*>(states_.data() + sizeof(StatesFront))[slot]; }

  void wake_client(Wake wake);
  std::optional<Writer::Place> find_reply_place(std::uint32_t record_bytes);
  void refresh_room();
  [[gnu::cold]] void free_extents();
  [[gnu::cold]] std::byte* draft_large_reply(std::size_t payload_bytes);
  [[gnu::cold]] std::byte* open_extent(std::size_t payload_bytes, wire::ExtentReference& extent);
  [[gnu::cold]] void name_extent(const Writer::Place& place, const wire::ExtentReference& extent);
  [[gnu::cold]] bool move_to_extent(Waiting& reply);
  bool flush(Waiting& reply);
  void write_reply(const Writer::Place& place, Ticket ticket, wire::ReplyKind kind, std::uint32_t record_bytes,
                   std::uint8_t flags);

  const Geometry geometry_;
  const std::size_t max_ring_reply_;
  platform::Mapping requests_;
  platform::Mapping replies_;
  platform::Mapping states_;
  platform::Event client_event_;
  RingReader<MappedCells> requests_reader_;
  ExtentReader request_extents_;
  Writer replies_writer_;
  ExtentWriter extents_;
  std::vector<SentExtent> sent_extents_;  // in the order of their records; few
  std::vector<std::uint32_t> generations_;
  Draft draft_;
  std::list<Waiting> outbox_;
  bool has_large_mark_ = false;
  std::atomic<std::uint64_t> taken_{0};  // written by the owner, read for statistics
};

}  // namespace troupe::channel
