// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

// The layout of envelopes: what lies in the rings between a client and a host. Everything here is read by a process that
// does not trust its writer: copy out, check, use.
namespace troupe::wire {

// Rings are divided into cells; a record starts at a cell and is contiguous. Positions count cells and never wrap.
constexpr std::size_t kCellBytes = 64;

constexpr std::uint32_t cells_for(std::size_t header_bytes, std::size_t payload_bytes) {
  return static_cast<std::uint32_t>((header_bytes + payload_bytes + kCellBytes - 1) / kCellBytes);
}

// The first word of every record, stored last: {record number, payload bytes}. A reader that waits for record n takes
// exactly the tag n for "published"; the writer sees to it that no stale byte can look like it.
struct Commit {
  std::uint32_t tag = 0;
  std::uint32_t payload_bytes = 0;

  static constexpr Commit unpack(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word), static_cast<std::uint32_t>(word >> 32)};
  }
  constexpr std::uint64_t pack() const { return static_cast<std::uint64_t>(payload_bytes) << 32 | tag; }
};

// Adding a kind: RequestHeader::is_valid_kind and the host's dispatcher change with it.
enum class RequestKind : std::uint8_t {
  padding,  // skips to the start of the ring
  call,     // wants one reply
  tell,     // wants none
};

// A method: the module that holds its registration node (as numbered when the channel opened) and the node's rank in it.
struct MethodId {
  std::uint32_t value = 0;

  static constexpr std::uint32_t kMaxModules = 1u << 8;
  static constexpr std::uint32_t kMaxRanks = 1u << 24;
  static constexpr MethodId of(std::uint32_t module, std::uint32_t rank) { return {module << 24 | rank}; }
  constexpr std::uint32_t module() const { return value >> 24; }
  constexpr std::uint32_t rank() const { return value & (kMaxRanks - 1); }
};

// Names no module's node, but the by-name call that every actor of a module serves (troupe/detail/module_table.hpp).
constexpr MethodId kCallByName{UINT32_MAX - 2};

// In a header's flags: the payload is too large for the ring; the record holds an ExtentReference in its place.
constexpr std::uint8_t kInExtent = 1;
// There are proxies among the values. The number of their lease follows the values: the last kLeaseBytes of the payload.
constexpr std::uint8_t kLeased = 2;
constexpr std::size_t kLeaseBytes = sizeof(std::uint64_t);

// A place in the writer's extents (channel/extents.hpp).
struct ExtentReference {
  std::uint64_t offset = 0;  // a multiple of kCellBytes
  std::uint64_t bytes = 0;   // not 0

  friend bool operator==(const ExtentReference&, const ExtentReference&) = default;
};
static_assert(sizeof(ExtentReference) == 16);

constexpr std::uint8_t flags_of(const ExtentReference& extent, bool is_leased) {
  return static_cast<std::uint8_t>((extent.bytes != 0 ? kInExtent : 0) | (is_leased ? kLeased : 0));
}

struct RequestHeader {
  std::uint64_t commit;  // Commit; stored last
  std::uint32_t method;  // MethodId
  std::uint16_t slot;
  std::uint8_t kind;         // RequestKind
  std::uint8_t flags;        // kInExtent, kLeased
  std::uint32_t generation;  // of the slot: which of its uses this is
  std::uint32_t reserved;    // 0
  std::int64_t deadline_ns;  // steady clock; kNoDeadline for none
};
static_assert(sizeof(RequestHeader) == 32 && alignof(RequestHeader) == 8);
static_assert(offsetof(RequestHeader, commit) == 0 && offsetof(RequestHeader, method) == 8 &&
              offsetof(RequestHeader, slot) == 12);
static_assert(offsetof(RequestHeader, generation) == 16 && offsetof(RequestHeader, deadline_ns) == 24);

constexpr std::int64_t kNoDeadline = INT64_MAX;

// Adding a kind: CallChannel::refusal, and ClientEnd, which knows the last one, change with it.
enum class ReplyKind : std::uint8_t {
  padding,      // skips to the start of the ring
  value,        // the payload is the encoded result
  exception,    // the payload is an encoded exception (wire/exceptions)
  expired,      // the deadline had passed before it ran: not started (payload: how many of its client's are behind it, 32 bits)
  skipped,      // it was cancelled before it ran
  unencodable,  // it ran; its result could not be encoded (payload: the reason)
  undecodable,  // its arguments could not be decoded (payload: the reason); it did not run
  no_method,    // the host has no such method
  cancelled,    // it ran, was asked to stop, and did
  no_stream,    // it asks for the next value of a stream that was opened in an earlier life, if ever; it did not run
};

struct ReplyHeader {
  std::uint64_t commit;  // Commit; stored last
  std::uint32_t generation;
  std::uint16_t slot;
  std::uint8_t kind;   // ReplyKind
  std::uint8_t flags;  // kInExtent, kLeased
};
static_assert(sizeof(ReplyHeader) == 16 && alignof(ReplyHeader) == 8);

// What a slot word says. Which side may move it, and from where, is channel/slot.hpp.
enum class SlotState : std::uint32_t {
  queued = 0,     // waits for the host; also: free, armed for its next use
  started = 1,    // the host has won it
  cancelled = 2,  // the client has won it before the host did
  taken = 3,      // the client has judged a dead host: nothing of this use will ever run
};

}  // namespace troupe::wire
