// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/local_crew.hpp>
#include <troupe/timeout.hpp>

#include <cstdint>
#include <optional>

namespace troupe::pool {

// A number that an option gives, and what it is called.
struct Given {
  const char* name;
  std::optional<int> value;
};

// How many workers, and how many tasks each does. Errors: std::invalid_argument, which names the option, for a number below 1.
template <class Options>
Options crew_options(const Given& size, const Given& tasks_per_life);

extern template detail::CrewOptions crew_options(const Given& size, const Given& tasks_per_life);
extern template detail::LocalCrewOptions crew_options(const Given& size, const Given& tasks_per_life);

// What makes workers rest, or be replaced. Errors: likewise.
struct Upkeep {
  const char* of;  // the options' type
  Timeout idle_timeout;
  std::optional<std::uint64_t> max_memory_growth;
};
void set_upkeep(detail::CrewOptions& options, const Upkeep& upkeep);

}  // namespace troupe::pool
