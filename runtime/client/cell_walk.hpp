// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/derivation.hpp>
#include <troupe/detail/result_cell.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace troupe::client {

struct DropCell {
  void operator()(detail::ResultCell* cell) const noexcept { cell->drop_reference(); }
};

// With a reference on each.
struct ReferencedCells {
  std::vector<detail::ResultCell*> cells;

  ~ReferencedCells() {
    for (detail::ResultCell* each : cells) each->drop_reference();
  }
};

// Goes through the cell, and all that it is made of, in the order in which it was given. `enter` gives, of each, the derivation
// whose sources are next, or null.
template <class Enter>
void go_up(detail::ResultCell& cell, const Enter& enter) {
  ReferencedCells left{{&cell}};
  cell.add_reference();
  while (!left.cells.empty()) {
    const std::unique_ptr<detail::ResultCell, DropCell> each(left.cells.back());
    left.cells.pop_back();
    const auto place = static_cast<std::ptrdiff_t>(left.cells.size());
    if (detail::Derivation* made = enter(*each)) made->collect(left.cells);
    std::reverse(left.cells.begin() + place, left.cells.end());
  }
}

}  // namespace troupe::client
