// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include "fault.hpp"

namespace troupe::campaigns {

// The process that suffers a fault with its runtime: starts one, spawns, calls, attaches, kills; takes typed errors, goes on,
// and in the end everything must have been given back and a fresh attempt must work. The result is the exit code.
int run_fault_client(const std::string& page_path, const Fault& fault);

}  // namespace troupe::campaigns
