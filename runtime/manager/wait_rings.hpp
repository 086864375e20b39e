// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "manager/tables.hpp"

namespace troupe::manager {

// Finds actors that wait for each other in a ring, each for a reply of the next: none of them will ever get it. An actor that has
// waited for a while says so; whoever closes a ring is the last to say so, and hears of it. What was said may be over: so each of
// the ring is asked whether it waits still. An actor does one thing at a time, so in the moment at which all were asked, and had
// found no reply, all of them waited; and what waits sends none. That also holds for one whose coroutine waits, in its turn: it
// speaks of a wait only when its thread has nothing else to do, and nothing but that reply could change this. Thread-safety: the
// loop's thread.
class WaitRings {
 public:
  explicit WaitRings(Tables& tables) : tables_(tables) {}

  // Errors: ProtocolError from a client that is no actor.
  void on(ClientId client, const wire::Waits& message);
  void on(ClientId client, const wire::StillWaits& message);
  void client_gone(const ClientRecord& client);

 private:
  struct Wait {
    ActorId for_actor{};
    std::uint64_t number = 0;
    ClientId client = 0;  // of the actor that waits
  };
  // Of an actor that may have closed a ring.
  struct Suspicion {
    std::vector<ActorId> ring;  // from that actor on
    std::vector<Wait> waits;    // of each
    std::size_t unheard = 0;
  };

  std::vector<ActorId> ring_of(ActorId first) const;
  void suspect(ActorId closer, std::vector<ActorId> ring);
  std::string text_of(const std::vector<ActorId>& ring) const;
  std::string name_of(ActorId actor) const;
  ActorId actor_of(ClientId client) const;

  Tables& tables_;
  std::map<ActorId, Wait> waits_;            // the last that each has told of
  std::map<ActorId, Suspicion> suspicions_;  // by who closed the ring: its last
};

}  // namespace troupe::manager
