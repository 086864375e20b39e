// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "wire/control_parts.hpp"

// The control plane between a client and the manager.
namespace troupe::wire {

// ---- client → manager

// Handles: the client's executable (open for executing), its pidfd.
struct Join {
  Hello hello{};
  ActorId on_behalf_of{};  // the actor whose host the client is; none for a user's program
  ActorKey key{};          // of that actor

  template <class Archive>
  void serialize(Archive& archive) {
    archive(hello, on_behalf_of, key);
  }
};

// Handles: those of the offer, and, if argument_bytes, the sealed constructor arguments.
struct Spawn {
  std::uint64_t request = 0;
  NodeReference constructor{};  // unless it is in a module
  ActorModule module{};
  std::string type{};
  std::string name{};
  bool join_existing = false;        // spawn_or_get
  std::uint64_t argument_bytes = 0;  // exact; 0: no memory travels
  std::uint8_t lifetime = 0;
  std::uint8_t start = 0;
  std::uint8_t stdio = 0;
  std::uint32_t concurrency = 1;
  std::uint32_t mailbox_calls = 0;
  std::uint64_t mailbox_bytes = 0;
  std::uint64_t mailbox_payload = 0;
  std::uint8_t when_full = 0;
  std::int64_t deadline_ns = 0;
  std::int64_t start_timeout_ns = 0;
  std::vector<std::pair<std::string, std::string>> environment{};
  std::string working_directory{};
  std::uint8_t security = 0;
  Limits limits{};
  ChannelOffer offer{};
  Restart restart{};
  std::uint64_t lease = 0;  // on the proxies among the arguments; 0: none
  std::uint64_t group = 0;  // that it is spawned in: one of the client's own; 0: none
  Hang hang{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, constructor, module, type, name, join_existing, argument_bytes, lifetime, start, stdio, concurrency,
            mailbox_calls, mailbox_bytes, mailbox_payload, when_full, deadline_ns, start_timeout_ns, environment,
            working_directory, security, limits, offer, restart, lease, group, hang);
  }
};

struct Find {
  std::uint64_t request = 0;
  std::string name{};
  std::string type{};  // empty: of whatever type

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, name, type);
  }
};

// Handles: those of the offer.
struct Attach {
  std::uint64_t request = 0;
  ActorId actor{};
  ActorKey key{};
  std::string type{};
  ChannelOffer offer{};
  std::uint32_t after_incarnation = 0;  // a channel to a later life than this one is wanted

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, actor, key, type, offer, after_incarnation);
  }
};

// The channel that answered this attach is of no use here: its handles found no room.
struct LeaveChannel {
  std::uint64_t request = 0;
  ActorId actor{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, actor);
  }
};

struct List {
  std::uint64_t request = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request);
  }
};

// Send Down for this actor to this client; at once if it is down.
struct Watch {
  ActorId actor{};
  ActorKey key{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, key);
  }
};

struct StopActor {
  ActorId actor{};
  ActorKey key{};
  std::int64_t grace_ns = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, key, grace_ns);
  }
};

struct KillActor {
  ActorId actor{};
  ActorKey key{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, key);
  }
};

// A call of this client that the actor runs shall stop: the one in this slot of their channel, if it is of this generation.
struct CancelCall {
  ActorId actor{};
  std::uint16_t slot = 0;
  std::uint32_t generation = 0;
  std::int64_t force_ns = kNoForce;  // where it has not stopped after so long, the actor's process ends

  static constexpr std::int64_t kNoForce = -1;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, slot, generation, force_ns);
  }
};

// From now on the two end together, as Proxy::link says; once is enough, and which is which does not matter.
struct LinkActors {
  ActorReference one{};
  ActorReference other{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(one, other);
  }
};

struct UnlinkActors {
  ActorReference one{};
  ActorReference other{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(one, other);
  }
};

// The actor that this client is has been waiting for a reply of that one for a while: it may be one of several that wait for each
// other. `number`: of its waits, which count up.
struct Waits {
  ActorId actor{};
  std::uint64_t number = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, number);
  }
};

// Answers ConfirmWait.
struct StillWaits {
  ActorId closer{};
  std::uint64_t closer_number = 0;
  bool is_waiting = false;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(closer, closer_number, is_waiting);
  }
};

// The client holds proxies of this actor from now on: they came to it in an envelope. (What it spawns or finds it is granted
// with the answer.)
struct Hold {
  ActorId actor{};
  ActorKey key{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, key);
  }
};

// The client's proxies of this actor have gone, and with them so many grants (answers and Holds). They are counted because
// the next grant may be on its way already.
struct Release {
  ActorId actor{};
  std::uint64_t grants = 1;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, grants);
  }
};

// An envelope with proxies in it is about to be sent. Until its reader has dealt with it their actors count as held. Sent
// before the envelope is, so that who reads the envelope finds the lease in its sender's socket at the latest. More of the
// same number add to it.
struct Lease {
  std::uint64_t number = 0;      // new, and the sending process's own
  ActorId to_actor{};            // a request to this actor; or
  std::uint64_t to_channel = 0;  // a reply of the client's own actor through this channel; neither: a constructor's arguments
  std::vector<ActorReference> actors{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, to_actor, to_channel, actors);
  }
};

// How far the client has come with an envelope that has a lease, or with all that an actor has sent to it.
struct LeaseNews {
  // Adding one: control_codec.hpp, and the manager's Holding.
  enum class What : std::uint8_t {
    over,         // it has been decoded, or never will be; from nobody: a lease of the client's own
    received,     // a reply has come, and will be decoded or dropped
    read_to_end,  // of the actor's replies nothing more is read here
  };
  What what = What::over;
  ActorId from{};
  std::uint64_t number = 0;
};  // serialized by control_codec.hpp

struct Shutdown {
  std::uint64_t request = 0;
  std::int64_t grace_ns = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, grace_ns);
  }
};

// A new group, the client's own; it ends with the client. Answered by Supervised.
struct Supervise {
  std::uint64_t request = 0;
  std::uint64_t parent = 0;  // the group that it is a child of; 0: none
  std::uint8_t strategy = 0;
  std::uint32_t max = 0;
  std::int64_t within_ns = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, parent, strategy, max, within_ns);
  }
};

// Answered by AllStopped, when all that was in the group has ended.
struct StopGroup {
  std::uint64_t request = 0;
  std::uint64_t group = 0;
  std::int64_t grace_ns = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, group, grace_ns);
  }
};

// What ends of lives are remembered? Answered by FoundDeath, one at a time: who asks goes on with the number that came.
struct FindDeath {
  std::uint64_t request = 0;
  std::string name{};        // of the actor; empty: of all
  std::uint64_t before = 0;  // the newest one with a number below this; 0: of all

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, name, before);
  }
};

// Ends this life of an actor in order, and begins the next. Answered by RestartAnswer.
struct RestartActor {
  std::uint64_t request = 0;
  ActorId actor{};
  ActorKey key{};
  std::int64_t grace_ns = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, actor, key, grace_ns);
  }
};

// What of a captured actor's lines is kept? Answered by KeptOutput, a part at a time: who asks goes on where that ends.
struct ReadOutput {
  static constexpr std::uint64_t kAll = UINT64_MAX;

  std::uint64_t request = 0;
  std::string name{};         // of the actor
  ActorId actor{};            // that and no other; none: the one that has the name, or had it last
  std::uint64_t after = 0;    // lines with a higher number than this
  std::uint64_t last = kAll;  // of them so many, from the end

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, name, actor, after, last);
  }
};

// ---- manager → client

// Handles: the manager's life page (its word 0 is nobody's to wait on, only to look at).
struct Welcome {
  Hello hello{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(hello);
  }
};

// Answers Spawn and Attach. Handles: those of the channel's answer, and the host's pidfd.
// `found`: spawn_or_get met a living actor; then there are no handles and no channel yet.
struct Opened {
  std::uint64_t request = 0;
  ActorDescription actor{};
  ChannelAnswer channel{};
  bool found = false;

  static constexpr std::size_t kHandles = ChannelAnswer::kHandles + 1;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, actor, channel, found);
  }
};

struct Refused {
  std::uint64_t request = 0;
  Failure failure{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, failure);
  }
};

struct Found {
  std::uint64_t request = 0;
  bool exists = false;
  ActorDescription actor{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, exists, actor);
  }
};

// A list that is too long for one message comes in several.
struct Listed {
  std::uint64_t request = 0;
  std::vector<ActorInfo> actors{};
  bool more = false;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, actors, more);
  }
};

// The host's process is dying or has died: judge its channels now. The report follows in ActorDown.
struct ActorFalling {
  ActorId actor{};
  std::uint32_t incarnation = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, incarnation);
  }
};

// The host has closed this client's channel, since what came through it is no channel's; the actor lives on for others.
struct ChannelBroken {
  ActorId actor{};
  std::string text{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, text);
  }
};

// One life of an actor has ended, and maybe the actor with it: to all programs, and to whom it concerns, once; and as the
// answer to a Watch that comes after the end.
struct ActorDown {
  ActorId actor{};
  std::uint32_t incarnation = 0;
  std::string name{};
  std::string type{};
  ExitStatus status{};
  DeathCause cause{};
  bool is_answer = false;                   // to Watch: no news for anybody else
  bool will_restart = false;                // the actor lives on; the rest is of its end only
  std::optional<DeathCause> first_cause{};  // when its policy gave up: of the deaths that were too many, the first one's
  std::string first_to_die{};               // when that was its group's policy: who died that first death, for people

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, incarnation, name, type, status, cause, is_answer, will_restart, first_cause, first_to_die);
  }
};

// Read this actor's replies until the one with this lease has come: a proxy in it is all that keeps an actor alive.
struct ReadReplies {
  ActorId actor{};
  std::uint64_t lease = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, lease);
  }
};

struct ActorUp {
  ActorDescription actor{};  // without its key

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor);
  }
};

// Lines of what a captured actor has printed, to the program that spawned it.
struct Printed {
  ActorId actor{};
  std::uint32_t incarnation = 0;
  bool is_error = false;  // stderr
  std::vector<std::string> lines{};
  std::uint64_t lost_bytes = 0;  // before them, of both streams

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, incarnation, is_error, lines, lost_bytes);
  }
};

struct Supervised {
  std::uint64_t request = 0;
  std::uint64_t group = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, group);
  }
};

// Does the actor that this client is go on with its wait of this number, and has it found no reply? `closer` may have closed a
// ring of such waits with one of its own.
struct ConfirmWait {
  std::uint64_t number = 0;
  ActorId closer{};
  std::uint64_t closer_number = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, closer, closer_number);
  }
};

// This wait of the actor that this client is will never end. `text`: who waits for whom.
struct WaitsForEver {
  std::uint64_t number = 0;
  std::string text{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, text);
  }
};

// A group has failed too often, and all that was in it has ended: to all programs.
struct GroupFailed {
  std::uint64_t group = 0;
  DeathCause first_cause{};  // of the deaths that were too many, the first one's

  template <class Archive>
  void serialize(Archive& archive) {
    archive(group, first_cause);
  }
};

// An actor has been in one call for longer than its options say (SpawnOptions::hang): to all programs, once; and once more when
// that is over, with nothing else in it.
struct ActorHangs {
  ActorId actor{};
  std::uint32_t incarnation = 0;
  bool is_over = false;
  std::string method{};
  std::int64_t running_ns = 0;  // at least
  std::string backtrace{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, incarnation, is_over, method, running_ns, backtrace);
  }
};

// Answers Shutdown and StopGroup. Too long for one message it comes in several.
struct AllStopped {
  std::uint64_t request = 0;
  std::vector<ActorInfo> killed{};
  bool more = false;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, killed, more);
  }
};

// An end of a life, as it is remembered.
struct DeathRecord {
  std::uint64_t number = 0;  // later ones have higher numbers
  ActorId actor{};
  std::string name{};
  std::string type{};  // as the compiler spells it
  std::int32_t pid = 0;
  std::int64_t when_ns = 0;  // of the system's clock
  bool will_restart = false;
  DeathCause cause{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, actor, name, type, pid, when_ns, will_restart, cause);
  }
};

struct FoundDeath {
  std::uint64_t request = 0;
  std::optional<DeathRecord> death{};  // none: there are no more

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, death);
  }
};

struct RestartAnswer {
  std::uint64_t request = 0;
  std::string refusal{};          // why it is not done; empty: it has begun
  std::uint32_t incarnation = 0;  // that ends then

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, refusal, incarnation);
  }
};

// A line that an actor has printed; or, without text, that so many bytes were lost at this place.
struct KeptLine {
  std::uint64_t number = 0;  // the actor's lines count up from 1
  std::uint32_t incarnation = 0;
  bool is_error = false;  // stderr
  std::string text{};
  std::uint64_t lost_bytes = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, incarnation, is_error, text, lost_bytes);
  }
};

struct KeptOutput {
  std::uint64_t request = 0;
  ActorId actor{};  // none: there is none of that name, and there was none of late
  bool is_captured = false;
  bool has_ended = false;  // for good
  std::vector<KeptLine> lines{};
  std::uint64_t through = 0;  // ReadOutput::after, to go on
  bool more = false;          // that is kept already

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, actor, is_captured, has_ended, lines, through, more);
  }
};

using ToManagerFromClient = std::variant<Join, Spawn, Find, Attach, List, Watch, StopActor, KillActor, Hold, Release, Lease,
                                         LeaseNews, Shutdown, LeaveChannel, Supervise, StopGroup, LinkActors, UnlinkActors,
                                         CancelCall, Waits, StillWaits, FindDeath, RestartActor, ReadOutput, GuardMissing>;
using ToClient = std::variant<Welcome, Opened, Refused, Found, Listed, ActorFalling, ChannelBroken, ActorDown, ActorUp,
                              ReadReplies, AllStopped, Supervised, GroupFailed, ActorHangs, Printed, ConfirmWait, WaitsForEver,
                              FoundDeath, RestartAnswer, KeptOutput, GuardMissing>;

}  // namespace troupe::wire
