// SPDX-License-Identifier: BSL-1.0
#include "base/quoted_name.hpp"

#include <fmt/core.h>

namespace troupe::detail {

std::string quoted_name(std::string_view name) {
  constexpr std::size_t kMostBytes = 120;
  if (name.size() <= kMostBytes) return fmt::format("\"{}\"", name);
  std::size_t end = kMostBytes;
  while (end > kMostBytes - 3 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return fmt::format("\"{}…\" ({} bytes)", name.substr(0, end), name.size());
}

}  // namespace troupe::detail
