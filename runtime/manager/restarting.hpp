// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>

#include "manager/tables.hpp"
#include "supervision/exit.hpp"

namespace troupe::manager {

// How a policy sees such an end.
supervision::Exit exit_of(const DeathCause& cause);

// Says whether an actor that is in no group lives on when its process has ended: what its policy says (supervision), unless its
// end was wanted. Thread-safety: the loop's thread.
class Restarting {
 public:
  explicit Restarting(Tables& tables) : tables_(tables) {}

  // None: there is no next life. Once for each end of a life.
  std::optional<std::chrono::nanoseconds> delay_of_next_life(HostRecord& host, const DeathCause& cause) const;

 private:
  Tables& tables_;
};

}  // namespace troupe::manager
