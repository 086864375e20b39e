// SPDX-License-Identifier: BSL-1.0
// All interleavings of a ring's writer and reader, with payloads that look like commit words.
#include "channel/ring.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "atomics.hpp"
#include "cells.hpp"
#include "expect.hpp"

namespace troupe::model {
namespace {

using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;

constexpr std::uint64_t kPadding = 0xff;

// A ring that carries records of the given sizes, one after the other.
struct RingPlan {
  std::uint32_t cells = 2;
  std::vector<std::uint32_t> sizes;  // of the records, in cells
  std::uint32_t false_tag = 0;       // what their payload looks like where a commit word may come to lie
  std::uint32_t dropped_draft = 0;   // cells of a draft that is written and dropped before each record; 0: none
};

template <class RingCells>
struct RingWorld : World {
  using Cell = typename RingCells::Cell;

  explicit RingWorld(const RingPlan& ring_plan) : plan(ring_plan), writer(view()), reader(view()) {
    for (Cell& cell : cells) {
      cell.commit.named("commit word");
      cell.content.named("content");
    }
    read.named("position read");
    thread("writer", [this] {
      for (std::uint32_t number = 1; number <= plan.sizes.size(); ++number) write(number, plan.sizes[number - 1]);
    });
    thread("reader", [this] {
      for (std::uint32_t number = 1; number <= plan.sizes.size(); ++number) take(number, plan.sizes[number - 1]);
    });
  }

  RingCells view() { return RingCells(cells.data(), plan.cells); }
  static std::uint64_t content(std::uint32_t number, std::uint32_t size) { return number * 16 + size; }
  std::uint64_t false_commit() const { return wire::Commit{plan.false_tag, 7}.pack(); }

  void fill(const typename channel::RingWriter<RingCells>::Place& place) {
    for (std::uint32_t cell = place.cell + 1; cell < place.cell + place.cells; ++cell) {
      cells.at(cell).commit.store(false_commit(), memory_order_relaxed);
    }
  }

  void write(std::uint32_t number, std::uint32_t size) {
    restate(number << 16 | writer.released());
    if (const auto dropped = writer.find(plan.dropped_draft); dropped && plan.dropped_draft != 0) fill(*dropped);
    auto place = writer.find(size);
    for (; !place; place = writer.find(size)) {
      const std::uint64_t before = writer.released();
      require(writer.release_until(read.load(memory_order_acquire)), "the reader's position never lies");
      if (writer.released() == before) await_change(read);
    }
    fill(*place);
    writer.open(*place, [](Cell* cell) { cell->content.store(kPadding, memory_order_relaxed); });
    cells.at(place->cell).content.store(content(number, size), memory_order_relaxed);
    writer.publish(*place, number);
  }

  void take(std::uint32_t number, std::uint32_t size) {
    for (;;) {
      restate(number << 16 | cell_of(reader));
      const auto seen = reader.peek();
      if (!seen) {
        await_change(cells.at(cell_of(reader)).commit);
        continue;
      }
      const std::uint64_t found = cells.at(cell_of(reader)).content.load(memory_order_relaxed);
      if (found == kPadding) {
        reader.advance(reader.cells_to_end());
        continue;
      }
      require(*seen == number && found == content(number, size), "each record arrives once, whole, and in order");
      for (std::uint32_t cell = cell_of(reader) + 1; cell < cell_of(reader) + size; ++cell) {
        require(cells.at(cell).commit.load(memory_order_acquire) == false_commit(), "the payload of a record is not touched");
      }
      break;
    }
    reader.advance(size);
    read.store(reader.position(), memory_order_release);
  }

  const RingPlan plan;
  std::array<Cell, 5> cells;
  Atomic<std::uint64_t> read;
  channel::RingWriter<RingCells> writer;
  channel::RingReader<RingCells> reader;
};

// Its writer is blind for what lies behind a record (it alone loads commit words relaxed): the rule that no stale byte may
// pass for a tag is off.
struct BlindWord : Atomic<std::uint64_t> {
  std::uint64_t load(std::memory_order order) const { return order == memory_order_relaxed ? 0 : Atomic::load(order); }
};
using BlindCells = BasicCells<BlindWord>;

// Records of more than half a ring have no room behind some others, ever.
bool can_be_sent(const RingPlan& plan) {
  std::uint32_t cell = 0;
  for (const std::uint32_t size : plan.sizes) {
    const std::uint32_t to_end = plan.cells - cell;
    if (size > to_end && size + to_end > plan.cells) return false;
    cell = (size > to_end ? size : cell + size) % plan.cells;
  }
  return true;
}

// All sequences of `count` records of up to `largest` cells.
std::vector<std::vector<std::uint32_t>> all_sizes(std::size_t count, std::uint32_t largest) {
  if (count == 0) return {{}};
  std::vector<std::vector<std::uint32_t>> all;
  for (const auto& shorter : all_sizes(count - 1, largest)) {
    for (std::uint32_t size = 1; size <= largest; ++size) {
      all.push_back(shorter);
      all.back().push_back(size);
    }
  }
  return all;
}

Outcome operator+(Outcome sum, const Outcome& more) {
  if (!sum.failure.empty()) return sum;
  return {sum.executions + more.executions, sum.complete + more.complete, sum.states + more.states, more.failure};
}

// Everything that can be sent, with every tag that payload can pretend.
Outcome explore_ring(std::uint32_t cells, std::size_t records, std::uint32_t largest, std::uint32_t dropped_draft = 0) {
  Outcome sum;
  for (const auto& sizes : all_sizes(records, largest)) {
    for (std::uint32_t false_tag = 1; false_tag <= 2 * records; ++false_tag) {
      const RingPlan plan{cells, sizes, false_tag, dropped_draft};
      if (can_be_sent(plan)) sum = sum + explore_all<RingWorld<Cells>>({}, plan);
    }
  }
  return sum;
}

TEST(RingModel, ThreeRecordsInARingOfTwoCellsArriveOnceInOrderAndWhole) { expect_kept(explore_ring(2, 3, 2)); }

TEST(RingModel, FourRecordsWithPaddingArriveOnceInOrderAndWhole) { expect_kept(explore_ring(3, 4, 2)); }

TEST(RingModel, LargeRecordsWithMuchPaddingArriveOnceInOrderAndWhole) { expect_kept(explore_ring(5, 3, 3)); }

TEST(RingModel, SixSmallRecordsLapTheRingThreeTimes) {
  expect_kept(explore_all<RingWorld<Cells>>({.merges_rounds = false}, RingPlan{2, {1, 1, 1, 1, 1, 1}, 4}), "not merging rounds");
  expect_kept(explore_all<RingWorld<Cells>>({}, RingPlan{2, {1, 1, 1, 1, 1, 1}, 4}));
}

TEST(RingModel, DroppedDraftsLeaveNoTrace) { expect_kept(explore_ring(3, 4, 2, 2)); }

TEST(RingModel, WithoutClearingTheNextTagPayloadWouldPassForARecord) {
  const RingPlan plan{2, {2, 1, 1}, 3};
  expect_kept(explore_all<RingWorld<Cells>>({}, plan), "with");
  expect_broken(explore_all<RingWorld<BlindCells>>({}, plan), "each record arrives once, whole, and in order", "without");
}

TEST(RingModel, WithoutClearingTheNextTagADroppedDraftWouldPassForARecord) {
  const RingPlan plan{3, {1, 1}, 2, 2};
  expect_kept(explore_all<RingWorld<Cells>>({}, plan), "with");
  expect_broken(explore_all<RingWorld<BlindCells>>({}, plan), "each record arrives once, whole, and in order", "without");
}

}  // namespace
}  // namespace troupe::model
