// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "campaign.hpp"

namespace troupe::campaigns {

// The part of the campaign matrix that pools have: a task that comes to harm in each place of its way, among others, asked for by
// a thread and by a callback, of each kind of pool. Each kind is a part of its own.
Score run_matrix_of_pools(const Order& order);

}  // namespace troupe::campaigns
