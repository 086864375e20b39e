// SPDX-License-Identifier: BSL-1.0
#include "platform/tracer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>

#include "platform/handle.hpp"

namespace troupe::platform {

// The line lies among the first of proc(5)'s status; the name before it has no line ends.
bool is_traced(const Process& child) noexcept {
  constexpr std::string_view kKey = "\nTracerPid:\t";
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/status", child.pid());
  const Handle file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const auto length = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (length <= 0) return false;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(length));
  const auto key = text.find(kKey);
  return key != text.npos && text.substr(key + kKey.size(), 1) != "0";
}

}  // namespace troupe::platform
