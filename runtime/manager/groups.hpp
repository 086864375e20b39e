// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "manager/ending.hpp"
#include "manager/first_death.hpp"
#include "manager/spawning.hpp"
#include "manager/tables.hpp"
#include "supervision/supervisor.hpp"

namespace troupe::manager {

// The groups of actors: tells a Supervisor, which decides, what becomes of their actors, and has its orders carried out. A group
// is its client's, and ends with it. What a wanted end means (stop, kill, the end of everything) stands over what a group wants:
// such an actor leaves. Thread-safety: the loop's thread.
class Groups {
 public:
  Groups(Tables& tables, Spawning& spawning, Ending& ending) : tables_(tables), spawning_(spawning), ending_(ending) {}

  // Messages of a client.
  void on(ClientId client, const wire::Supervise& message);
  void on(ClientId client, const wire::StopGroup& message);
  void client_gone(ClientId client);

  // A new actor, to be started in its turn. Errors: std::invalid_argument when its group is not its client's, or is over.
  void add(const HostRecord& host);
  void started(const HostRecord& host) { tell().started(host.actor.id.value); }
  // Once for each end of a life. Whether another one may follow: when the actor is to be started, or that it will not be, look()
  // says.
  bool lives_on(HostRecord& host, const DeathCause& cause);
  // It has ended for good, and had no process.
  void forgotten(const HostRecord& host) { tell().removed(host.actor.id.value); }

  // After anything that may have been reported here: has done what the groups want. An order that there is no memory to carry
  // out ends the manager, which all hear of; nobody would hear of one that is lost.
  void look() noexcept;

 private:
  using GroupNumber = std::uint64_t;
  using Clock = std::chrono::steady_clock;
  struct Requester {
    ClientId client = 0;
    std::uint64_t request = 0;
  };
  struct Record {
    ClientId owner = 0;
    GroupNumber parent = 0;
    Timeout within{};
    FirstDeath first_death{};
    std::optional<Clock::time_point> stop_time{};  // once it is being stopped: who lives then is killed
    std::vector<Requester> requesters{};           // that wait for its end
    std::vector<ActorInfo> killed{};               // did not stop in time
  };

  // For what is reported, as against what is asked.
  supervision::Supervisor& tell() {
    has_news_ = true;
    return supervisor_;
  }
  Record* find(GroupNumber group);
  Record* find_of(ClientId client, GroupNumber group);
  void carry_out(const supervision::Order& order);
  void start(ActorId actor);
  void end(ActorId actor);
  void forget(supervision::ChildId child);
  void group_ended(GroupNumber group);
  void gave_up(GroupNumber group);
  void part_with(HostRecord& host);
  void note_killed(const HostRecord& host, const DeathCause& cause);
  void hurry(GroupNumber group);
  bool is_in(GroupNumber group, GroupNumber upper);
  std::chrono::nanoseconds grace_in(GroupNumber group);

  Tables& tables_;
  Spawning& spawning_;
  Ending& ending_;
  supervision::Supervisor supervisor_{};
  std::map<GroupNumber, Record> groups_;
  bool is_looking_ = false;
  bool has_news_ = false;
};

}  // namespace troupe::manager
