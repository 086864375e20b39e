// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>

#include <map>
#include <set>
#include <string>

#include "manager/ending.hpp"
#include "manager/tables.hpp"

namespace troupe::manager {

// Which actors end together (Proxy::link): when one of two has ended for good, and not as it should, the other one is stopped,
// too. They are the manager's: whoever linked them may be gone. Thread-safety: the loop's thread.
class Links {
 public:
  Links(Tables& tables, Ending& ending) : tables_(tables), ending_(ending) {}

  // Messages of a client.
  void on(ClientId client, const wire::LinkActors& message);
  void on(ClientId client, const wire::UnlinkActors& message);

  // An actor has ended, which is in no table any more. Those who are linked to it may be gone, too, afterwards.
  void ended(const HostRecord& host, const DeathCause& cause);

 private:
  void cut(ActorId one, ActorId other);
  void link_to_dead(HostRecord& host, const wire::ActorReference& dead);
  void drag_along(HostRecord& host, const std::string& whose_end);

  Tables& tables_;
  Ending& ending_;
  std::map<ActorId, std::set<ActorId>> linked_;  // both ways; of those that live
};

}  // namespace troupe::manager
