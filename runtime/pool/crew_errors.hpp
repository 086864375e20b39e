// SPDX-License-Identifier: BSL-1.0
#pragma once

// What every crew says.
namespace troupe::pool {

// Errors: std::logic_error in a forked child, where no worker is.
void check_process();

}  // namespace troupe::pool
