// SPDX-License-Identifier: BSL-1.0
#include "platform/process_memory.hpp"

#include <unistd.h>

#include <fmt/core.h>

#include <exception>
#include <fstream>

namespace troupe::platform {

std::uint64_t own_bytes_of(int pid) noexcept try {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  if (!(file >> size >> resident >> shared) || resident < shared) return 0;
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
} catch (const std::exception&) {  // no memory for a name
  return 0;
}

}  // namespace troupe::platform
