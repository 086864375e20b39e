// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

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
  // `requests` came from the client; replies and states are made here, see create_replies and create_states.
  HostEnd(const Geometry& geometry, const platform::SharedMemory& requests, const platform::SharedMemory& replies,
          const platform::SharedMemory& states, platform::Event client_event);
  HostEnd(const HostEnd&) = delete;
  HostEnd& operator=(const HostEnd&) = delete;

  static platform::SharedMemory create_replies(const Geometry& geometry);
  static platform::SharedMemory create_states(const Geometry& geometry);

  struct Request {
    Ticket ticket;
    wire::RequestKind kind = wire::RequestKind::call;
    wire::MethodId method;
    std::int64_t deadline_ns = wire::kNoDeadline;
    std::span<const std::byte> payload;  // in the ring, valid until finish(); the client may change it at any moment
    std::uint32_t cells = 0;
  };

  // The next request in order, checked. Errors: ProtocolError.
  std::optional<Request> next();
  bool has_request() const { return requests_reader_.peek().has_value(); }
  Claim start(const Request& request);

  // Room for a reply, in the ring or the outbox. Errors: SerializationError over geometry().max_reply_payload().
  std::byte* draft_reply(std::uint32_t payload_bytes);
  // Sends what was drafted, or an empty reply if nothing was. `has_run`: see slot.hpp for the order this decides.
  // Errors: ProtocolError when a client that never reads has filled the outbox.
  void publish_reply(Ticket ticket, wire::ReplyKind kind, bool has_run);
  void discard_draft() { draft_.is_open = false; }
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
    std::optional<Writer::Place> place;  // in the ring; else:
    std::vector<std::byte> bytes;        // kept for the next one
    std::uint32_t payload_bytes = 0;
  };
  struct Waiting {
    Ticket ticket;
    wire::ReplyKind kind;
    bool has_run;
    std::vector<std::byte> bytes;
  };

  const RequestsFront& requests_front() const { return *reinterpret_cast<const RequestsFront*>(requests_.data()); }
  RepliesFront& replies_front() const { return *reinterpret_cast<RepliesFront*>(replies_.data()); }
  StatesFront& states_front() const { return *reinterpret_cast<StatesFront*>(states_.data()); }
  Word& slot_word(std::uint16_t slot) const { return reinterpret_cast<Word*>(states_.data() + sizeof(StatesFront))[slot]; }

  void wake_client(Wake wake);
  std::optional<Writer::Place> find_reply_place(std::uint32_t payload_bytes);
  void write_reply(const Writer::Place& place, Ticket ticket, wire::ReplyKind kind, std::uint32_t payload_bytes);

  const Geometry geometry_;
  platform::Mapping requests_;
  platform::Mapping replies_;
  platform::Mapping states_;
  platform::Event client_event_;
  RingReader<MappedCells> requests_reader_;
  Writer replies_writer_;
  std::vector<std::uint32_t> generations_;
  Draft draft_;
  std::deque<Waiting> outbox_;
  std::atomic<std::uint64_t> taken_{0};  // written by the owner, read for statistics
};

}  // namespace troupe::channel
