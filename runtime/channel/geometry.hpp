// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "channel/doorbell.hpp"
#include "channel/slot.hpp"
#include "platform/memory.hpp"
#include "wire/envelope.hpp"

// The memories of a channel: how large they are and what lies at their front. Requests and the extents beside them are
// written by the client, replies and theirs by the host; states (slot words and doorbells, never payload) by both.
namespace troupe::channel {

struct RequestsFront {
  alignas(wire::kCellBytes) std::atomic<std::uint64_t> replies_read{0};  // position in the reply ring
  alignas(wire::kCellBytes) std::atomic<std::uint64_t> published{0};     // requests so far, for statistics
};

struct RepliesFront {
  alignas(wire::kCellBytes) std::atomic<std::uint64_t> requests_read{0};  // position in the request ring
};

struct StatesFront {
  alignas(wire::kCellBytes) DoorbellWords<> host_bell;
  alignas(wire::kCellBytes) DoorbellWords<> client_bell;
};

static_assert(sizeof(RequestsFront) == 2 * wire::kCellBytes && sizeof(RepliesFront) == wire::kCellBytes);
static_assert(sizeof(StatesFront) == 2 * wire::kCellBytes);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

// A value that both sides agree on when the channel opens. The reply ring has one cell in reserve for each slot, so that a
// small reply always has room and the host never waits for the client; what is larger must leave the reserve alone.
struct Geometry {
  std::uint32_t slots = 0;
  std::uint32_t request_cells = 0;
  std::uint32_t reply_cells = 0;
  std::uint64_t payload_bytes = 0;  // the largest payload, of a request or a reply

  static constexpr std::uint32_t kMaxSlots = 32768;
  static constexpr std::uint32_t kMinCells = 64;
  static constexpr std::uint32_t kMaxCells = 1u << 24;                       // 1 GiB
  static constexpr std::uint64_t kMaxPayloadBytes = std::uint64_t{1} << 31;  // what an encoder makes at the most

  // Errors: std::invalid_argument naming the option.
  static Geometry for_mailbox(std::size_t calls, std::size_t bytes, std::size_t payload_bytes);

  // Of a geometry that another process proposes.
  bool is_sane() const {
    return slots >= 1 && slots <= kMaxSlots && request_cells >= kMinCells && request_cells <= kMaxCells &&
           reply_cells >= slots + kMinCells && reply_cells <= kMaxCells + kMaxSlots && payload_bytes >= 1 &&
           payload_bytes <= kMaxPayloadBytes;
  }

  std::size_t request_bytes() const { return sizeof(RequestsFront) + std::size_t{request_cells} * wire::kCellBytes; }
  std::size_t reply_bytes() const { return sizeof(RepliesFront) + std::size_t{reply_cells} * wire::kCellBytes; }
  std::size_t state_bytes() const { return sizeof(StatesFront) + std::size_t{slots} * sizeof(std::uint64_t); }

  // Of one direction's extents: two of the largest payloads, so that one is written while the other one is read.
  std::size_t extent_bytes() const { return 2 * platform::SharedMemory::in_pages(payload_bytes); }

  // A larger payload lies in an extent. A quarter of a ring: so that a few of them have room in it, and a record finds
  // room in an empty ring wherever the ring stands.
  std::size_t max_ring_request() const { return max_in_ring(request_cells, sizeof(wire::RequestHeader)); }
  std::size_t max_ring_reply() const { return max_in_ring(reply_cells - slots, sizeof(wire::ReplyHeader)); }

  friend bool operator==(const Geometry&, const Geometry&) = default;

 private:
  std::size_t max_in_ring(std::uint32_t cells, std::size_t header_bytes) const {
    return std::min<std::size_t>(std::size_t{cells / 4} * wire::kCellBytes - header_bytes, payload_bytes);
  }
};

// What an end is made over. Rings and states are mapped at once; the extents are kept, and mapped when there is a large
// payload.
struct Memories {
  const platform::SharedMemory& requests;
  const platform::SharedMemory& replies;
  const platform::SharedMemory& states;
  platform::SharedMemory request_extents;
  platform::SharedMemory reply_extents;
};

// Names one use of a slot.
struct Ticket {
  std::uint16_t slot = 0;
  std::uint32_t generation = 0;

  friend bool operator==(const Ticket&, const Ticket&) = default;
};

}  // namespace troupe::channel
