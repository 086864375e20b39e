// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>
#include <troupe/exit_status.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/process.hpp"

namespace troupe::platform {

// How a child of this process ended, and what it had used.
struct ChildEnd {
  ExitStatus status;
  ResourceUsage usage;
  bool is_lost = false;  // somebody else reaped it: nothing above is known
  // Processor time of its own threads; `usage` counts the children that it has reaped, too. 0: not asked for.
  std::uint64_t own_time_us = 0;
  // Of one that SIGKILL has ended, where the kernel's log cannot be read: see MemoryKills.
  std::vector<std::string> memory_groups{};
};

// nullopt: it lives; or it has ended, and a debugger has not let go of it yet (SIGCHLD comes when it does).
std::optional<ChildEnd> reap_with_usage(const Process& child);
// What goes into ChildEnd::own_time_us. For a child that has ended and has not been reaped; 0: it cannot be known.
std::uint64_t own_time_of(const Process& child) noexcept;

}  // namespace troupe::platform
