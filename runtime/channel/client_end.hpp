// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "channel/extents.hpp"
#include "channel/geometry.hpp"
#include "channel/ring.hpp"
#include "platform/event.hpp"
#include "platform/memory.hpp"

namespace troupe::channel {

// The client's end of a channel: puts requests into the ring, takes replies out, judges. Who may do so when is left to
// the client room (producer lock, reader role), and so is what a reply means.
// Thread-safety: the functions under "producer" one thread at a time, those under "reader" one thread at a time, both at
// once; those under "any thread" always.
class ClientEnd {
 public:
  // Requests and their extents are this process's own; the others came from the host.
  // Errors: std::system_error (no address space).
  [[gnu::cold]] ClientEnd(const Geometry& geometry, Memories memories, platform::Event host_event);
  ClientEnd(const ClientEnd&) = delete;
  ClientEnd& operator=(const ClientEnd&) = delete;

  // Request memory as a channel needs it.
  static platform::SharedMemory create_requests(const Geometry& geometry);
  static platform::SharedMemory create_request_extents(const Geometry& geometry);

  // ---- producer

  struct Draft {
    Ticket ticket;
    std::byte* payload = nullptr;
    std::uint32_t payload_bytes = 0;
    RingWriter<MappedCells>::Place place;
    wire::ExtentReference extent{};  // with bytes: it holds the payload, and the record names it
    bool is_leased = false;          // the payload ends with a lease
  };

  // Room for a request: a slot and place for `payload_bytes` <= geometry().max_ring_request(). nullopt: none now; it
  // may come when replies are read or the host goes on. A draft that is not published leaves no trace.
  // Errors: ProtocolError, as of all that look for room.
  std::optional<Draft> draft(std::uint32_t payload_bytes);
  // The same for a payload that has been written to an extent.
  [[gnu::cold]] std::optional<Draft> draft(const wire::ExtentReference& extent);
  void publish(const Draft& draft, wire::RequestKind kind, wire::MethodId method, std::int64_t deadline_ns);

  // A place for a payload of up to geometry().payload_bytes; its request gives it back. nullopt: no room now.
  // Errors: std::system_error (no address space).
  [[gnu::cold]] std::optional<ExtentWriter::Place> take_extent(std::size_t payload_bytes);
  // Any thread, and beside the producer. See ExtentWriter.
  std::byte* open_extent(const ExtentWriter::Place& place) const { return extents_.open(place); }
  // Of one whose request was not published.
  void give_back(const wire::ExtentReference& extent, bool is_backed = true) { extents_.give_back(extent, is_backed); }
  // The extent of a request that is to be sent again: from here on the caller gives it back.
  wire::ExtentReference take_extent_of(Ticket ticket);
  bool has_excess_extents() const { return extents_.has_excess(); }
  const platform::SharedMemory& request_extents() const { return extents_.memory(); }
  // Gives some of the memory that is not needed any more back to the system. False: there was none.
  [[gnu::cold]] bool trim_extents();

  // ---- lives: producer and reader at once

  // A request as a dead host has left it.
  struct Left {
    Ticket ticket;
    wire::RequestKind kind = wire::RequestKind::call;
    Execution execution = Execution::not_started;
    wire::MethodId method;
    std::int64_t deadline_ns = wire::kNoDeadline;
    bool is_leased = false;
    std::span<const std::byte> in_ring;  // until reopen()
  };

  enum class Which : std::uint8_t { all, calls, tells };
  // Takes all requests from a dead host that it had not started. Those that it had not done, and whose place in the ring is not
  // known to be free, in the order in which they were published. Of the others nothing is taken. Nothing is published afterwards,
  // unless reopen() comes first.
  std::vector<Left> judge(Which which);
  // After judge(): empties the request memory, so that another host may be given it. Returns the generation that the slots of
  // that life begin with. A dead host that still runs can win nothing here, whatever it reads.
  std::uint32_t empty_for_next_life();
  // What the next life's host has made.
  struct NextLife {
    platform::SharedMemory replies, states, reply_extents;
    platform::Event host_event;
  };
  // Goes on with it, as an empty channel. Errors: std::system_error (no address space); then this end is of no use any more.
  void reopen(NextLife next);

  // ---- reader

  struct Reply {
    Ticket ticket;
    wire::ReplyKind kind = wire::ReplyKind::value;
    std::span<const std::byte> in_ring;  // see payload()
    std::uint32_t cells = 0;
    wire::ExtentReference extent{};
    std::uint64_t lease = 0;  // of the proxies in it; 0: none
  };

  // The next reply that has arrived, checked against this end's own tables. Errors: ProtocolError.
  std::optional<Reply> next_reply();
  // What it carries; valid until finish(). Errors: std::system_error (no address space).
  std::span<const std::byte> payload(const Reply& reply) {
    return reply.extent.bytes == 0 ? reply.in_ring : reply_extents_.at(reply.extent);
  }
  // Its slot and its room are free again.
  void finish(const Reply& reply);
  bool has_reply() const { return replies_reader_.peek().has_value(); }

  // ---- any thread

  // Moves whenever the host has taken requests; compare only.
  std::uint64_t host_progress() const { return replies_front().requests_read.load(std::memory_order_acquire); }

  // How many calls of this life have been published whose replies have not been finished. A hint.
  std::uint32_t outstanding() const {
    const std::uint32_t finished = this->finished() - finished_before_.load(std::memory_order_relaxed);
    const auto published = static_cast<std::uint32_t>(requests_front().published.load(std::memory_order_relaxed));
    const std::uint32_t tells = tells_end_.load(std::memory_order_relaxed);
    const auto left = static_cast<std::int32_t>(published - tells - finished);
    return left > 0 ? static_cast<std::uint32_t>(left) : 0;
  }
  // How many replies have been finished, in all lives; compare only.
  std::uint32_t finished() const { return returned_written_.load(std::memory_order_acquire); }

  // Wakes the host if it sleeps; after publish(), outside of locks.
  void ring_host();
  // Wakes a host that waits for room; after a batch of finish().
  void settle();
  // The same two at less cost, where an atomic read-modify-write (the release of a lock or a role) lies between.
  void ring_host_behind_update();
  void settle_behind_update();
  // Takes the call from the host (`outcome` cancelled or taken), or says how far it got.
  Execution withdraw(Ticket ticket, wire::SlotState outcome);
  // Whether the host has begun with it and not ended it.
  bool is_started(Ticket ticket) const;
  // Whether the host is done with it; its reply may not have been published yet.
  bool has_ended(Ticket ticket) const;

  DoorbellWords<>& client_bell() const { return states_front().client_bell; }
  DoorbellWords<>& host_bell() const { return states_front().host_bell; }
  const Geometry& geometry() const { return geometry_; }
  // A larger payload needs an extent.
  std::size_t max_ring_request() const { return max_ring_request_; }

 private:
  using Word = SlotProtocol<>::Word;

  RequestsFront& requests_front() const { return *reinterpret_cast<RequestsFront*>(requests_.data()); }
  const RepliesFront& replies_front() const { return *reinterpret_cast<const RepliesFront*>(replies_.data()); }
  StatesFront& states_front() const { return *reinterpret_cast<StatesFront*>(states_.data()); }
  Word& slot_word(std::uint16_t slot) const { return reinterpret_cast<Word*>(states_.data() + sizeof(StatesFront))[slot]; }

  bool find_free_slot();
  void free_slot(std::uint16_t slot);
  void collect_returned();
  void refresh_room();
  void wake_host(Wake wake);

  struct Tell {
    std::uint16_t slot;
    std::uint64_t end;  // position behind its record
  };

  std::uint64_t commit_at(std::uint64_t position) const;
  void arm_all_slots(std::uint32_t generation);

  const Geometry geometry_;
  const std::size_t max_ring_request_;
  const std::uint32_t queue_mask_;  // indexes arrays of at least geometry_.slots elements, a power of two
  platform::Mapping requests_;
  platform::Mapping replies_;
  platform::Mapping states_;
  platform::Event host_event_;

  // Generation of each slot's current or next use.
  std::unique_ptr<std::atomic<std::uint32_t>[]> generations_;

  // Producer's.
  alignas(64) RingWriter<MappedCells> requests_writer_;
  std::vector<std::uint16_t> free_slots_;  // last in, first out: its words are warm
  std::vector<Tell> tells_;                // a queue over a fixed array
  std::uint32_t tells_begin_ = 0;
  std::atomic<std::uint32_t> tells_end_{0};  // the producer's; others look at it
  std::uint64_t published_ = 0;
  std::uint32_t returned_read_ = 0;
  std::atomic<std::uint32_t> finished_before_{0};  // this life
  ExtentWriter extents_;
  std::vector<wire::ExtentReference> slot_extents_;  // by slot, once there has been one: what its request lies in

  // Reader's; slots go back to the producer through returned_.
  alignas(64) RingReader<MappedCells> replies_reader_;
  ExtentReader reply_extents_;
  std::unique_ptr<std::uint16_t[]> returned_;  // a queue over a fixed array
  alignas(64) std::atomic<std::uint32_t> returned_written_{0};
};

}  // namespace troupe::channel
