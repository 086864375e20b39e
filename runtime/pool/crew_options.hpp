// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/call_crew.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace troupe::pool {

// A number that an option gives, and what it is called.
struct Given {
  const char* name;
  std::optional<int> value;
};

// Errors: std::invalid_argument, which names the option, for a number below 1.
detail::CrewOptions crew_options(const Given& size, const Given& tasks_per_life);

// What makes workers rest, or be replaced. Errors: likewise.
struct Upkeep {
  const char* of;  // the options' type
  Timeout idle_timeout;
  std::optional<std::uint64_t> max_memory_growth;
};
void set_upkeep(detail::CrewOptions& options, const Upkeep& upkeep);

// In a forked child there are no workers, and the crew's thread does not exist: nothing of it is destroyed.
void leave_to_parent(std::shared_ptr<detail::Crew> crew);

}  // namespace troupe::pool
