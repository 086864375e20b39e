// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>

#include "manager/ending.hpp"
#include "manager/tables.hpp"
#include "supervision/exit.hpp"

namespace troupe::manager {

// How a policy sees such an end.
supervision::Exit exit_of(const DeathCause& cause);

// Says whether an actor that is in no group lives on when its process has ended: what its policy says (supervision), unless its
// end was wanted; and has it live again when somebody wants that. Thread-safety: the loop's thread.
class Restarting {
 public:
  Restarting(Tables& tables, Ending& ending) : tables_(tables), ending_(ending) {}

  // Ends this life in order, as stopping does, and begins the next: at once, and none of those that its policy counts. Refused
  // where it could not live again.
  void on(ClientId client, const wire::RestartActor& message);

  // None: there is no next life. Once for each end of a life.
  std::optional<std::chrono::nanoseconds> delay_of_next_life(HostRecord& host, const DeathCause& cause) const;

 private:
  Tables& tables_;
  Ending& ending_;
};

}  // namespace troupe::manager
