// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "channel/atomics.hpp"
#include "wire/envelope.hpp"

// A ring of cells with one writing and one reading process. A record is contiguous, numbered, and published by its commit
// word alone: the reader of record n waits until the word at its position holds the tag n. Stale bytes cannot pass for a
// tag, because the writer looks at the word behind each record before it publishes, and clears it if it is the next tag.
// So one cache line carries a small record over, tag and payload together.
namespace troupe::channel {

// The cells of a ring in mapped memory. `bytes` must be cache-line aligned and outlive it.
class MappedCells {
 public:
  using Word = RealAtomics::Atomic<std::uint64_t>;

  MappedCells(std::byte* bytes, std::uint32_t count) : bytes_(bytes), count_(count) {}

  std::uint32_t count() const { return count_; }
  std::byte* at(std::uint32_t cell) const { return bytes_ + static_cast<std::size_t>(cell) * wire::kCellBytes; }
  Word& commit(std::uint32_t cell) const { return *reinterpret_cast<Word*>(at(cell)); }

 private:
  std::byte* bytes_;
  std::uint32_t count_;
};

// Thread-safety: one thread at a time.
template <class Cells>
class RingWriter {
 public:
  explicit RingWriter(Cells cells) : cells_(cells) {}

  struct Place {
    std::uint32_t cell = 0;
    std::uint32_t cells = 0;
    std::uint32_t padding = 0;  // cells skipped before it, to the ring's end
  };

  // Where a record of `cells` would go, if the ring has so much room and `spare` cells more. Changes nothing.
  std::optional<Place> find(std::uint32_t cells, std::uint32_t spare = 0) const {
    const std::uint32_t to_end = cells_.count() - cell_;
    const std::uint32_t padding = cells > to_end ? to_end : 0;
    if (std::uint64_t{padding} + cells + spare > free_cells()) return std::nullopt;
    return Place{padding != 0 ? 0 : cell_, cells, padding};
  }

  // Writes the padding that `place` asks for; `mark` sets the padding record's kind. Then the place may be filled.
  template <class Mark>
  void open(const Place& place, Mark mark) {
    if (place.padding == 0) return;
    mark(cells_.at(cell_));
    publish({cell_, place.padding, 0}, 0);
  }

  // Makes the record visible to the reader. Its bytes but the commit word must be written.
  void publish(const Place& place, std::uint32_t payload_bytes) {
    std::uint32_t next = place.cell + place.cells;
    if (next == cells_.count()) next = 0;
    auto& behind = cells_.commit(next);
    if (wire::Commit::unpack(behind.load(std::memory_order_relaxed)).tag == tag_ + 1) {
      behind.store(wire::Commit{tag_, 0}.pack(), std::memory_order_relaxed);  // ordered by the release below
    }
    // Pairs with the acquire in RingReader::peek.
    cells_.commit(place.cell).store(wire::Commit{tag_, payload_bytes}.pack(), std::memory_order_release);
    ++tag_;
    cell_ = next;
    position_ += place.cells;
  }

  std::uint64_t position() const { return position_; }
  std::uint64_t released() const { return released_; }
  std::uint32_t next_tag() const { return tag_; }
  std::uint32_t free_cells() const { return cells_.count() - static_cast<std::uint32_t>(position_ - released_); }

  // The reader says that it is done with everything before `position`. False: it lies (backwards, or past what was written).
  [[nodiscard]] bool release_until(std::uint64_t position) {
    if (position < released_ || position > position_) return false;
    released_ = position;
    return true;
  }

  const Cells& cells() const { return cells_; }

 private:
  Cells cells_;
  std::uint32_t cell_ = 0;
  std::uint32_t tag_ = 1;  // of the next record
  std::uint64_t position_ = 0;
  std::uint64_t released_ = 0;
};

// Thread-safety: one thread at a time.
template <class Cells>
class RingReader {
 public:
  explicit RingReader(Cells cells) : cells_(cells) {}

  // The next record's payload length, if it has been published. Untrusted: see fits().
  std::optional<std::uint32_t> peek() const {
    const auto commit = wire::Commit::unpack(cells_.commit(cell_).load(std::memory_order_acquire));
    if (commit.tag != tag_) return std::nullopt;
    return commit.payload_bytes;
  }

  // Whether a record of that many bytes can lie at the reader's place.
  bool fits(std::size_t header_bytes, std::uint32_t payload_bytes) const {
    return header_bytes + payload_bytes <= static_cast<std::size_t>(cells_to_end()) * wire::kCellBytes;
  }

  const std::byte* record() const { return cells_.at(cell_); }
  std::uint32_t cells_to_end() const { return cells_.count() - cell_; }
  bool is_at_start() const { return cell_ == 0; }

  // Past the record that was peeked at; `cells` <= cells_to_end().
  void advance(std::uint32_t cells) {
    cell_ += cells;
    if (cell_ == cells_.count()) cell_ = 0;
    ++tag_;
    position_ += cells;
  }

  // Positions before this one are done with.
  std::uint64_t position() const { return position_; }
  const Cells& cells() const { return cells_; }

 private:
  Cells cells_;
  std::uint32_t cell_ = 0;
  std::uint32_t tag_ = 1;
  std::uint64_t position_ = 0;
};

}  // namespace troupe::channel
