// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

#include "platform/process.hpp"

namespace troupe::manager::testing {

// The children of a process, ended ones that nobody has reaped included.
std::vector<int> children_of(int pid);
// Those that go by this name (ps' comm).
std::vector<platform::Process> children_named(int pid, const std::string& name);
bool has_ended(const platform::Process& process);
void stop_now(const platform::Process& process);  // SIGSTOP, and waits until it has stopped

}  // namespace troupe::manager::testing
