// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <vector>

#include "manager/child.hpp"
#include "manager/ending.hpp"
#include "manager/spawning.hpp"
#include "manager/tables.hpp"

namespace troupe::manager {

// The end of everything: stops all actors when a program asks for it, kills them when the owner is gone, and knows when
// nothing is left. Thread-safety: the loop's thread.
class Closing {
 public:
  Closing(Tables& tables, Ending& ending, Spawning& spawning, Children& children)
      : tables_(tables), ending_(ending), spawning_(spawning), children_(children) {}

  // Errors: ProtocolError when an actor asks for it.
  void on(ClientId client, const wire::Shutdown& message);
  void owner_gone();

  void host_ended(const HostRecord& host, const DeathCause& cause);
  // Something has ended: maybe that was the last.
  void look_whether_done();

 private:
  struct Requester {
    ClientId client = 0;
    std::uint64_t request = 0;
  };

  void answer_requesters();

  Tables& tables_;
  Ending& ending_;
  Spawning& spawning_;
  Children& children_;
  std::vector<Requester> requesters_;
  std::vector<ActorInfo> killed_;  // did not stop within the grace
  bool is_owner_gone_ = false;
};

}  // namespace troupe::manager
