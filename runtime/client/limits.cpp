// SPDX-License-Identifier: BSL-1.0
#include "client/limits.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

#include "supervision/hang_watch.hpp"

namespace troupe::client {
namespace {

constexpr unsigned kLeastOpenFiles = 16;  // with one caller; it was found out by trying

void require(bool holds, const char* text, const char* options = "limits") {
  if (!holds) throw std::invalid_argument(std::string("SpawnOptions::") + options + "." + text);
}

// The kernel counts whole seconds.
std::uint32_t whole_seconds(Timeout time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time.span()).count();
  return static_cast<std::uint32_t>(std::min<std::int64_t>(seconds, UINT32_MAX - 1));
}

wire::Limits::Processors bits_of(const std::vector<int>& processors) {
  constexpr int kMost = wire::Limits::kMostProcessors;
  wire::Limits::Processors bits{};
  for (const int each : processors) {
    require(each >= 0 && each < kMost, "cpus must be between 0 and 1023");
    bits[static_cast<std::size_t>(each / 64)] |= std::uint64_t{1} << (each % 64);
  }
  return bits;
}

}  // namespace

wire::Limits wire_limits(const LimitOptions& options) {
  require(options.memory != 0, "memory must not be 0; leave it out for no limit");
  require(!options.cpu_time || options.cpu_time->span().count() > 0, "cpu_time must be longer than 0");
  require(!options.open_files || *options.open_files >= kLeastOpenFiles,
          "open_files must be at least 16: so many the actor's process has for itself and one caller");
  require(!options.nice || (*options.nice >= -20 && *options.nice <= 19), "nice must be between -20 and 19");
  wire::Limits limits;
  limits.memory_bytes = options.memory.value_or(0);
  if (options.cpu_time && !options.cpu_time->is_forever()) limits.cpu_seconds = whole_seconds(*options.cpu_time);
  limits.open_files = options.open_files.value_or(0);
  if (options.nice) limits.nice = static_cast<std::int8_t>(*options.nice);
  limits.processors = bits_of(options.cpus);
  return limits;
}

wire::Hang wire_hang(const HangOptions& options) {
  const auto after = options.after.span();
  require(!options.kill || !options.after.is_forever(), "kill needs SpawnOptions::hang.after: after how long?", "hang");
  require(after >= supervision::HangWatch::kLeast, "after must be at least 100 ms", "hang");
  if (options.after.is_forever()) return {};
  return {after.count(), options.kill};
}

}  // namespace troupe::client
