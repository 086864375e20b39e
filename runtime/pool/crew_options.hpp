// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/call_crew.hpp>

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

// In a forked child there are no workers, and the crew's thread does not exist: nothing of it is destroyed.
void leave_to_parent(std::shared_ptr<detail::Crew> crew);

}  // namespace troupe::pool
