// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>
#include <troupe/actor_info.hpp>
#include <troupe/options.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manager/captured_output.hpp"
#include "manager/child.hpp"
#include "manager/client_table.hpp"
#include "manager/death_judge.hpp"
#include "manager/first_death.hpp"
#include "manager/loop.hpp"
#include "manager/peer.hpp"
#include "platform/handle.hpp"
#include "platform/life_page.hpp"
#include "supervision/hang_watch.hpp"
#include "supervision/restart_history.hpp"
#include "wire/control.hpp"

namespace troupe::manager {

// How far a host has come. Nobody but its spawner's request knows of its first life before `running`.
enum class Stage : std::uint8_t {
  starting,      // its process was ordered, or will be when the delay of a restart has passed
  greeting,      // executed: it has to say hello before it is told what to construct
  constructing,  // it was told
  running,
  refused,  // its constructor failed, and its spawner was told; it is on its way out
};

// A client's spawn, until it is answered. Handles: as they came with it.
struct SpawnRequest {
  ClientId client = 0;
  wire::Spawn message;
  std::vector<platform::Handle> handles;
};

// A client's attach, until the host can be asked.
struct AttachRequest {
  ClientId client = 0;
  wire::Attach message;
  std::vector<platform::Handle> handles;
};

struct ChannelRecord {
  ClientId client = 0;
  Party party;                                  // that client
  std::optional<std::uint64_t> attach_request;  // while the host has not answered
  std::optional<AttachRequest> again{};         // with it: for the next life, where there may be one
  std::uint64_t request = 0;                    // the same, also afterwards; 0: it came with the actor
  bool is_closing = false;                      // the client has gone, and the host has been told
  bool is_broken = false;                       // the host reads nothing more of it
  bool is_read_to_end = false;                  // the client reads nothing more of it
};

// One life of an actor that asked to be looked at.
struct HangRecord {
  supervision::HangWatch watch;
  std::optional<std::uint32_t> stacks_before{};      // it has been asked for another one, which is waited for
  std::chrono::steady_clock::time_point patience{};  // with it
  bool is_told = false;                              // that it hangs now
  std::chrono::nanoseconds running_for{};            // when it was last found to hang
  std::string method{};                              // that it hangs in
  std::string backtrace{};
};

// One actor and its host process, from the order to the reaping; where it is restarted, its hosts, one after the other.
struct HostRecord {
  explicit HostRecord(Loop& loop) : alarm(loop), patience(loop) {}

  // What is of one life only begins anew. Its process must have been reaped.
  void begin_next_life();

  // SIGKILL, for this reason. Needs a process.
  void kill_for(Asked why);

  // What a client gets with its channel: the host's handles for it, and the pidfd.
  // Errors: ProtocolError when the host did not send them all.
  std::array<int, wire::Opened::kHandles> handles_for_client(const std::vector<platform::Handle>& of_channel) const;

  wire::ActorDescription actor;  // actor.type as the compiler spells it
  wire::Spawn order;             // what it was ordered as, without its offer
  platform::Handle arguments;    // of its constructor: while they may be needed
  platform::Handle checkpoint;   // the last one
  std::uint64_t checkpoint_bytes = 0;
  supervision::RestartHistory history;   // of one that is in no group
  std::uint64_t group = 0;               // that decides about its lives; 0: none
  std::optional<DeathCause> last_cause;  // of its last death, if it lives again
  FirstDeath first_death;                // of those that its policy, or its group, counts
  bool has_run = false;                  // it was constructed once: clients may know it
  bool is_last_life = false;             // it shall not be started again
  bool has_given_up = false;             // its policy, or its group, allows no more
  bool is_scoped = true;
  ClientId spawner = 0;
  ActorId parent{};                                     // the actor that the spawner is
  std::vector<wire::ModuleIdentity> spawner_modules{};  // once the spawner has gone, and it has not
  Program program;
  std::uint64_t starts = 1;  // of its processes, this one included

  Stage stage = Stage::starting;
  std::optional<SpawnRequest> request;   // until it is answered
  std::vector<SpawnRequest> joining;     // spawn_or_get's that wait for the outcome
  std::vector<AttachRequest> attaching;  // that wait for the outcome

  std::chrono::system_clock::time_point process_since;  // it lived by then
  std::shared_ptr<Peer> peer;                           // from greeting or constructing on
  std::unique_ptr<Child> child;                         // likewise
  std::uint64_t inherited_cpu_seconds = 0;              // that it may have, where none were ordered; 0: as many as it likes
  std::vector<wire::ModuleIdentity> modules;
  bool has_said_hello = false;
  platform::LifeView life;  // from its hello on, or (there was no handle for it) from running on
  wire::Status status;      // its last

  std::unique_ptr<CapturedOutput> output;  // while it has a process, if it was ordered
  std::uint64_t lost_by_host = 0;          // bytes of it, that the program was told of
  std::uint64_t lost_here = 0;             // and was not
  std::uint64_t lost_in_printout = 0;      // by the host, as the printout says

  std::map<std::uint64_t, ChannelRecord> channels;  // by the manager's number
  std::set<ClientId> watchers;                      // want to hear of its end

  std::optional<HangRecord> hang;  // from running on

  Alarm alarm;     // for its start, or its end
  Alarm patience;  // with those who attach to a life after this one
  Asked asked = Asked::nothing;
  std::chrono::steady_clock::time_point end_time = std::chrono::steady_clock::time_point::max();  // when its grace runs out
  std::chrono::steady_clock::time_point dump_end{};  // so long it may write its core beyond that
  bool is_overdue = false;                           // it has: it got SIGTERM
  bool is_killed = false;                            // for what was asked, without a grace
  bool is_leaving = false;                           // it said so itself: it crashed, or runs its exit handlers
  bool has_fallen = false;                           // the clients were told
  std::string linked_end;                            // that it has to follow
  std::string violation;                             // how it broke the protocol
  std::string lost_touch;                            // why the manager could not go on with it, which was not its doing
  std::string start_failure;                         // why it did not come up, where that is known

  bool captures_output() const { return order.stdio == static_cast<std::uint8_t>(Stdio::capture); }
  bool is_answering() const { return stage == Stage::running && !has_fallen; }
  // It shall live, in this life or the next.
  bool is_wanted() const { return (asked == Asked::nothing || asked == Asked::restart || asked == Asked::hung) && !is_last_life; }
  bool is_stopping() const { return asked == Asked::stop || asked == Asked::restart || asked == Asked::linked; }
  // Told to end, or gone so far that nobody has to tell it.
  bool is_on_its_way_out() const { return child != nullptr && (is_stopping() || has_fallen || stage == Stage::refused); }
  // Its group holds it.
  bool ends_unheld() const { return is_scoped && group == 0; }
  // Whether to let clients have it. One that is between two lives will be there.
  bool is_usable() const { return is_wanted() && (is_answering() || (has_run && actor.may_restart)); }
};

// The hosts, by actor. Thread-safety: the loop's thread.
class HostTable {
 public:
  explicit HostTable(Loop& loop) : loop_(loop) {}
  ~HostTable();

  HostRecord& add();  // with an id and a key of its own
  std::unique_ptr<HostRecord> remove(ActorId actor);
  HostRecord* find(ActorId actor);
  // Only with the right key.
  HostRecord* find(ActorId actor, const wire::ActorKey& key);
  // Only in the life that this number was the launch of.
  HostRecord* find_launch(std::uint64_t number);
  // The actors at this moment; each may be gone when its turn comes.
  std::vector<ActorId> actors() const;
  const std::map<ActorId, std::unique_ptr<HostRecord>>& all() const { return hosts_; }
  bool is_empty() const { return hosts_.empty(); }
  std::uint64_t next_channel() { return ++last_channel_; }
  // For a group: groups and actors are numbered together.
  std::uint64_t next_group() { return ++last_actor_; }

 private:
  Loop& loop_;
  std::map<ActorId, std::unique_ptr<HostRecord>> hosts_;
  std::uint64_t last_actor_ = 0;
  std::uint64_t last_channel_ = 0;
};

// Names the start of this life's process: see LaunchOrder.
std::uint64_t launch_number(const HostRecord& host);

// For people: actor 7 "parser" (Parser).
std::string name_of(ActorId actor, const std::string& name, const std::string& type);
std::string name_of(const HostRecord& host);

// For people.
ActorInfo info_of(const HostRecord& host);

}  // namespace troupe::manager
