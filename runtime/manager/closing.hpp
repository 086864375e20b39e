// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
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

  // A private manager's client means all actors, a named one's its own. Errors: ProtocolError when an actor asks for it.
  void on(ClientId client, const wire::Shutdown& message);
  void owner_gone();
  // A named manager has been told to end: stops all actors, then the loop.
  void stop_all(std::chrono::nanoseconds grace);
  // The same without a grace.
  void end_all();

  void host_ended(const HostRecord& host, const DeathCause& cause);
  // Something has ended: maybe that was the last.
  void look_whether_done();

 private:
  struct Requester {
    ClientId client = 0;
    std::uint64_t request = 0;
  };

  // What one client of a named manager has asked for.
  struct Leaving {
    std::vector<std::uint64_t> requests{};
    std::vector<ActorInfo> killed{};
  };

  void stop_own(ClientId client, const wire::Shutdown& message);
  bool has_own(ClientId client) const;
  void look_who_has_left();
  void kill_all(const char* why);
  void answer_requesters();
  void answer(const Requester& requester, const std::vector<ActorInfo>& killed);

  Tables& tables_;
  Ending& ending_;
  Spawning& spawning_;
  Children& children_;
  std::vector<Requester> requesters_;
  std::vector<ActorInfo> killed_;  // did not stop within the grace
  std::map<ClientId, Leaving> leaving_;
  bool is_last_ = false;  // the loop ends with the last actor
};

}  // namespace troupe::manager
