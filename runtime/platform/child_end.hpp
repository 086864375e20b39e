// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>
#include <troupe/exit_status.hpp>

#include <optional>

#include "platform/process.hpp"

namespace troupe::platform {

// How a child of this process ended, and what it had used.
struct ChildEnd {
  ExitStatus status;
  ResourceUsage usage;
  bool is_lost = false;  // somebody else reaped it: nothing above is known
};

// nullopt: it lives; or it has ended, and a debugger has not let go of it yet (SIGCHLD comes when it does).
std::optional<ChildEnd> reap_with_usage(const Process& child);

}  // namespace troupe::platform
