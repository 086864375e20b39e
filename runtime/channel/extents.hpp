// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "platform/memory.hpp"
#include "wire/envelope.hpp"

// Payloads that are too large for a ring lie beside it, each in one piece, in a sparse memory per direction: its extents.
// The record in the ring says where, so order is kept, and a place is free again when its record is done with.
namespace troupe::channel {

// The writing side. Which places are in use stands here, never in shared memory. Places are taken from the lowest that
// fits: so the memory in use stays together at the front, warm for the next payload, and what lies behind it can be given
// back. Invariant: every page below backed_end_ that is in no place is backed; no page from touched_end_ on is.
// Thread-safety: one thread at a time, but open() of different places at once with everything else.
class ExtentWriter {
 public:
  // Backed memory up to here is kept for the next payloads.
  static constexpr std::size_t kWarmBytes = std::size_t{80} << 20;

  explicit ExtentWriter(platform::SharedMemory memory) : memory_(std::move(memory)) {}

  struct Place {
    wire::ExtentReference extent;
    std::uint64_t cold_from = 0;  // pages from here to its end are not backed yet
  };

  // A place for `bytes` > 0, to be opened, then written. nullopt: no room now.
  // Errors: std::system_error (no address space).
  std::optional<Place> take(std::size_t bytes);
  // Its memory, backed. Blocks: while the kernel clears pages. Errors: std::system_error (no memory): then it must be
  // given back as not backed.
  std::byte* open(const Place& place) const;
  // Not in use any more.
  void give_back(const wire::ExtentReference& extent, bool is_backed = true);

  // More is backed than shall be kept: trim() is due once places have been given back.
  bool has_excess() const { return touched_end_ > kWarmBytes; }
  const platform::SharedMemory& memory() const { return memory_; }

  // Gives up to kTrimBytes of what nobody uses, past kWarmBytes, back to the system. False: there was no more of it.
  bool trim();
  static constexpr std::size_t kTrimBytes = std::size_t{16} << 20;  // about 2 ms

 private:
  struct Range {
    std::uint64_t begin = 0, end = 0;  // whole pages
  };

  const platform::SharedMemory memory_;
  platform::Mapping mapping_;  // made when the first place is taken
  std::vector<Range> used_;    // ascending
  std::uint64_t backed_end_ = 0;
  std::uint64_t touched_end_ = 0;
};

// The reading side: knows nothing of places but what the records name. Thread-safety: one thread at a time.
class ExtentReader {
 public:
  explicit ExtentReader(platform::SharedMemory memory) : size_bytes_(memory.size_bytes()), memory_(std::move(memory)) {}

  struct Marks {
    wire::ExtentReference extent;  // where the values are, without their lease; without bytes: in the record
    std::uint64_t lease = 0;       // 0: none
  };
  // What the flags of a record say, checked. Takes the lease off `record_payload`. Errors: ProtocolError.
  Marks read_marks(std::uint8_t flags, std::span<const std::byte>& record_payload);
  // What lies at a place that was checked; the writer may change it at any moment.
  // Errors: std::system_error (no address space).
  std::span<const std::byte> at(const wire::ExtentReference& extent);

 private:
  wire::ExtentReference named_by(std::span<const std::byte> record_payload) const;
  std::span<const std::byte> mapped_at(const wire::ExtentReference& extent);

  std::size_t size_bytes_;
  platform::SharedMemory memory_;  // until it is mapped
  platform::Mapping mapping_;      // made when the first payload is looked at
};

}  // namespace troupe::channel
