// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "atomics.hpp"

namespace troupe::model {

// A cell of two words: the first is a commit word, or payload in the middle of a record; the second is content.
template <class CommitWord>
struct BasicCell {
  CommitWord commit;
  Atomic<std::uint64_t> content;
};

// The cells of a ring in model memory, in the shape of channel::MappedCells. `cells` must outlive it.
template <class CommitWord>
class BasicCells {
 public:
  using Word = CommitWord;
  using Cell = BasicCell<CommitWord>;

  BasicCells(Cell* cells, std::uint32_t count) : cells_(cells), count_(count) {}

  std::uint32_t count() const { return count_; }
  Cell* at(std::uint32_t cell) const { return cells_ + cell; }
  Word& commit(std::uint32_t cell) const { return at(cell)->commit; }

 private:
  Cell* cells_;
  std::uint32_t count_;
};

using Cells = BasicCells<Atomic<std::uint64_t>>;

// Where a reader stands, which RingReader does not tell.
template <class Reader>
std::uint32_t cell_of(const Reader& reader) {
  return reader.cells().count() - reader.cells_to_end();
}

}  // namespace troupe::model
