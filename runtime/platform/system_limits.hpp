// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

namespace troupe::platform {

// What this process may have of the system, and what it is. For people.
struct SystemLimits {
  std::string system{};  // "Linux 6.1.0"
  unsigned processors = 0;
  std::uint64_t open_files = 0;       // that it may have; the manager has the hard limit's
  std::uint64_t most_open_files = 0;  // the hard limit
  std::uint64_t processes = 0;        // of this user's, threads included; UINT64_MAX: as many as there can be
  std::uint64_t core_bytes = 0;       // of a core file; 0: none is written
};

SystemLimits system_limits();

// Whether the kernel gives out such: handles of processes, and memory that has no name and can be sealed.
bool has_process_handles() noexcept;
bool has_sealed_memory() noexcept;

}  // namespace troupe::platform
