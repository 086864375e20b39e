// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>
#include <troupe/runtime.hpp>

#include <chrono>
#include <map>
#include <vector>

#include "table.hpp"

namespace troupe::command {

// An actor, and what takes two looks at it.
struct ActorRow {
  ActorInfo actor;
  double calls_per_second = 0;
};

// Looks at all actors of a manager, again and again. Thread-safety: none.
class ActorLooks {
 public:
  // Rates are those since the last look, 0 at the first. Blocks: until the manager has answered. Errors: as Runtime::actors.
  std::vector<ActorRow> look(Runtime& runtime);

 private:
  using Clock = std::chrono::steady_clock;

  std::map<std::uint64_t, ActorInfo> before_;  // by the actor's id
  Clock::time_point looked_{};
};

// For people; a row for each, in order.
Table table_of(const std::vector<ActorRow>& rows);

}  // namespace troupe::command
