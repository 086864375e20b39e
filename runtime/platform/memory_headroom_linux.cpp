// SPDX-License-Identifier: BSL-1.0
#include "platform/memory_headroom.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "platform/cgroup_linux.hpp"

namespace troupe::platform {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// The number after `key` in a file of keys and numbers; `otherwise` when it is not there.
double number_after(const std::string& key, const std::string& path, double otherwise) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    double number = 0;
    if (word == key && file >> number) return number;
  }
  return otherwise;
}

// File pages count as used, but make room when they must.
double reclaimable(const std::string& group) {
  const std::string statistics = group + "/memory.stat";
  return number_after("inactive_file", statistics, 0) + number_after("active_file", statistics, 0);
}

// Both versions of control groups; the files of the other one are missing.
double headroom_of(const std::string& group) {
  const double limit =
      std::min(number_in(group + "/memory.max", kUnlimited), number_in(group + "/memory.limit_in_bytes", kUnlimited));
  if (limit == kUnlimited) return kUnlimited;
  const double used = number_in(group + "/memory.current", 0) + number_in(group + "/memory.usage_in_bytes", 0);
  return limit - used + reclaimable(group);
}

}  // namespace

std::size_t memory_headroom_bytes() {
  constexpr double kMost = 0x1p62;
  double headroom = number_after("MemAvailable:", "/proc/meminfo", kMost / 1024) * 1024;
  for (const std::string& group : control_groups("memory")) headroom = std::min(headroom, headroom_of(group));
  return static_cast<std::size_t>(std::clamp(headroom, 0.0, kMost));
}

}  // namespace troupe::platform
