// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>

#include <vector>

namespace troupe::detail {

// Of those that are the same, the first stays, and nothing of the others.
void drop_duplicates(std::vector<ResultCell*>& cells);

}  // namespace troupe::detail
