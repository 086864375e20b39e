// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>
#include <troupe/timeout.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace troupe {

// When wait() returns; one that is not listed is std::invalid_argument.
enum class ReturnWhen {
  all_completed,
  first_completed,  // has an outcome, be it a value, an error or a CancelledError
  first_exception,  // has an error, for which a CancelledError does not count; or all are completed
};

}  // namespace troupe

namespace troupe::detail {

// Blocks: as wait() says. Leaves each cell once, first those that have an outcome; returns how many have.
std::size_t wait_for_several(std::vector<ResultCell*>& cells, Timeout timeout, ReturnWhen until);

// What as_completed() goes through: several cells, and which of them have an outcome. Holds handles of them.
class Arrivals;
struct CloseArrivals {
  void operator()(Arrivals* arrivals) const noexcept;
};
using ArrivalsHandle = std::unique_ptr<Arrivals, CloseArrivals>;

// Errors: Error when there is no handle of the system left to be told with.
ArrivalsHandle arrivals_of(std::vector<ResultCell*> cells, Timeout timeout);
// The next that has an outcome, whose handle is the caller's; null behind the last. Blocks: until there is one. Errors:
// TimeoutError.
ResultCell* next_arrival(Arrivals& arrivals);

}  // namespace troupe::detail
