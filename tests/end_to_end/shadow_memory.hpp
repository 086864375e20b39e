// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <fstream>

namespace troupe::test {

// A sanitizer's own memory is private, and more than anybody could allow.
inline bool has_shadow_memory() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0;
  for (int column = 0; column < 6; ++column) file >> pages;
  return pages * 4096 > (std::uint64_t{1} << 40);
}

}  // namespace troupe::test
