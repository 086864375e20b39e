// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>

#include <string>
#include <vector>

#include "manager/tables.hpp"

namespace troupe::manager {

// Passes on what a captured actor has printed to the program that spawned it, as long as that reads: what it does not take is
// lost, and counted. Nothing is kept for it; the last lines of one that has a name are, for who asks (Printouts).
void relay(Tables& tables, HostRecord& host, OutputStream stream, std::vector<std::string> lines);

// At the end of a life, before that is told: what was lost since then.
void relay_last_losses(Tables& tables, HostRecord& host);

}  // namespace troupe::manager
