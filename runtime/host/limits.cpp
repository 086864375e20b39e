// SPDX-License-Identifier: BSL-1.0
#include "host/limits.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <new>
#include <stdexcept>
#include <vector>

#include "platform/limits.hpp"
#include "wire/exceptions.hpp"

namespace troupe::host {
namespace {

// What this library needs to construct an actor and to answer its calls.
constexpr std::uint64_t kReserveBytes = std::uint64_t{1} << 20;

std::vector<std::byte> bad_alloc;

// Memory last: the others take some.
void apply(const wire::Limits& limits, const char*& field) {
  field = "nice";
  if (limits.nice != wire::Limits::kNotNice) platform::set_niceness(limits.nice);
  field = "cpus";
  if (std::ranges::any_of(limits.processors, [](std::uint64_t bits) { return bits != 0; }))
    platform::use_processors(limits.processors);
  field = "cpu_time";
  if (limits.cpu_seconds != 0) platform::limit_cpu_time(limits.cpu_seconds);
  field = "open_files";
  if (limits.open_files != 0) platform::limit_open_files(limits.open_files);
  field = "memory";
  if (limits.memory_bytes == 0) return;
  bad_alloc = wire::encode_exception(std::make_exception_ptr(std::bad_alloc()));
  platform::limit_memory(limits.memory_bytes, kReserveBytes);
}

}  // namespace

void apply(const wire::Limits& limits) {
  const char* field = "";
  try {
    apply(limits, field);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("SpawnOptions::limits.{}: {}", field, error.what()));
  }
}

std::span<const std::byte> ready_bad_alloc() { return bad_alloc; }

}  // namespace troupe::host
