// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/join.hpp>
#include <troupe/detail/several.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#include "client/cell_status.hpp"
#include "client/several.hpp"

namespace troupe::detail {

using client::CellAccess;
using Until = Join::Until;

namespace {

// A join that a thread waits for; nobody else looks at it.
class WaitCell final : public DerivedCell<void>, public Join {
 public:
  explicit WaitCell(Until until) : DerivedCell<void>(kType), Join(static_cast<ResultCell&>(*this), until) {}

  // Blocks: as long as the join says, or until `timeout` has passed. Has a pin meanwhile, so that no reader ever has the last.
  void wait(const std::vector<ResultCell*>& cells, Timeout timeout) {
    add_pins(1);
    for (ResultCell* each : cells) {
      add(*each);
      each->add_handle();
    }
    begin();
    const std::unique_ptr<WaitCell, LetGo> let_go(this);
    if (await(timeout)) await_value(Timeout());  // an error is that there is no way to be told
  }

 private:
  struct LetGo {
    void operator()(WaitCell* cell) const noexcept {
      cell->forget();
      cell->unpin();
    }
  };
  static const CellType kType;

  void make(std::size_t) override { make_value(); }
  bool is_made_at_once() const noexcept override { return true; }
};

const CellType WaitCell::kType = type_of<WaitCell>();

Until until_of(ReturnWhen until) {
  switch (until) {
    case ReturnWhen::all_completed:
      return Until::all;
    case ReturnWhen::first_completed:
      return Until::first;
    case ReturnWhen::first_exception:
      return Until::first_exception;
  }
  throw std::invalid_argument("troupe::wait: until is none of ReturnWhen's values; give one of them");
}

bool is_failed(ResultCell& cell) { return cell.error() != nullptr && !cell.is_cancelled(); }

// Reads what has arrived. Whether there is nothing to wait for.
bool is_enough(const std::vector<ResultCell*>& cells, Until until) {
  bool has_all = true;
  for (ResultCell* each : cells) {
    if (!each->is_ready()) {
      has_all = false;
    } else if (until == Until::first || (until == Until::first_exception && is_failed(*each))) {
      return true;
    }
  }
  return has_all;
}

}  // namespace

// Of those that are the same, the first stays.
void drop_duplicates(std::vector<ResultCell*>& cells) {
  std::vector<std::pair<ResultCell*, std::size_t>> sorted;
  sorted.reserve(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) sorted.emplace_back(cells[i], i);
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].first == sorted[i - 1].first) cells[sorted[i].second] = nullptr;
  }
  cells.erase(std::remove(cells.begin(), cells.end(), nullptr), cells.end());
}

std::size_t wait_for_several(std::vector<ResultCell*>& cells, Timeout timeout, ReturnWhen return_when) {
  const Until until = until_of(return_when);
  drop_duplicates(cells);
  if (!is_enough(cells, until) && timeout != Timeout(std::chrono::seconds(0))) {
    auto* cell = new WaitCell(until);
    const AsyncResult<void> keep = ResultAccess::adopt<void>(cell);
    cell->wait(cells, timeout);
  }
  const auto pending =
      std::stable_partition(cells.begin(), cells.end(), [](ResultCell* each) { return CellAccess::is_over(*each); });
  return static_cast<std::size_t>(pending - cells.begin());
}

}  // namespace troupe::detail
