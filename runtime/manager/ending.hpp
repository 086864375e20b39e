// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "manager/life_watch.hpp"
#include "manager/spawning.hpp"
#include "manager/tables.hpp"
#include "platform/memory_kills.hpp"

namespace troupe::manager {

// The method that its host runs; empty: none, or one that nobody knows.
std::string name_of_running_method(const HostRecord& host);

// Whether an actor that has ended for good did so as it should: what is linked to it lives on then.
bool is_wanted_end(const HostRecord& host, const DeathCause& cause);

// It was stopped, by whomever, and had to be killed for it.
bool has_outstayed_grace(const HostRecord& host, const DeathCause& cause);

// Ends actors, and tells the clients of their ends: at the first sign that judgement is due, with the whole report when
// the process has been reaped. Thread-safety: the loop's thread.
class Ending {
 public:
  Ending(Tables& tables, Spawning& spawning, LifeWatch& life_watch);

  // Messages of a client.
  void on(ClientId client, const wire::StopActor& message);
  void on(ClientId client, const wire::KillActor& message);
  void on(ClientId client, const wire::Watch& message);

  // Asks it to stop. When the grace has run out it gets SIGTERM, and SIGKILL a second later; unless a debugger is attached: then
  // when that has gone. A later call may shorten the grace; of one that has to follow another's end (Asked::linked) it changes
  // nothing else. One that is between two lives is gone afterwards.
  void stop(HostRecord& host, std::chrono::nanoseconds grace, Asked why = Asked::stop);
  // Likewise, but it shall live again, unless it was stopped before. One that is still coming up is killed.
  void stop_life(HostRecord& host, std::chrono::nanoseconds grace);
  // For one that is on its way out: it has this much time, or less. Needs a process.
  void end_within(HostRecord& host, std::chrono::nanoseconds grace);
  // Now. One that is still coming up is refused with the same reason. The record may be gone afterwards.
  void kill(HostRecord& host, Asked why, const wire::Failure& failure);
  // What `client` spawned and did not detach ends with it. For the rest it leaves behind what a next life needs of it.
  void client_gone(const ClientRecord& client);

  // Signs of a host's end.
  void word_fell(LifeWatch::Life life, LifeWatch::Fall fall);
  void socket_closed(HostRecord& host, const Peer::Parting& parting);
  // The last sign. Why its process ended.
  DeathCause judge(const HostRecord& host, const platform::ChildEnd& end);
  // Likewise, of one that has no process, and is not wanted any more (`asked`), or could not be started.
  static DeathCause judge_without_process(const HostRecord& host, const std::string& reason);

  // Tells all whom it concerns of the end of a life, or of the actor.
  void life_ended(const HostRecord& host, const ExitStatus& status, const DeathCause& cause);
  void actor_ended(const HostRecord& host, const ExitStatus& status, const DeathCause& cause);

 private:
  platform::MemoryKills::Answer was_memory_kill(const HostRecord& host, const platform::ChildEnd& end);
  void fall(HostRecord& host);
  void tell_to_stop(HostRecord& host, Asked why);
  void hasten_after(HostRecord& host, std::chrono::nanoseconds time);
  void hasten(HostRecord& host);
  void publish(const HostRecord& host, const wire::ActorDown& down);

  Tables& tables_;
  Spawning& spawning_;
  LifeWatch& life_watch_;
  platform::MemoryKills memory_kills_;
  std::unique_ptr<HandleWatch> memory_watch_;  // empty: nothing tells of them
};

}  // namespace troupe::manager
