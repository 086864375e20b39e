// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>
#include <troupe/death.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// The control plane: every message between client, manager, zygote and host, one struct each. A message travels as one
// packet (platform/control_socket): its kind, its fields in a bounded cereal archive, and the handles that its comment
// lists, in that order. Requests carry a number that their answer repeats.
namespace troupe::wire {

constexpr std::uint32_t kProtocolVersion = 1;

struct ModuleIdentity {
  std::string path{};
  std::string build_id{};
  std::uint32_t node_count = 0;   // registration nodes
  std::uint64_t fingerprint = 0;  // of the nodes, in rank order

  template <class Archive>
  void serialize(Archive& archive) {
    archive(path, build_id, node_count, fingerprint);
  }
};

// The first message of every role.
struct Hello {
  std::uint32_t protocol = kProtocolVersion;
  std::string library{};  // troupe's version
  std::int32_t pid = 0;
  std::vector<ModuleIdentity> modules{};  // the executable first

  template <class Archive>
  void serialize(Archive& archive) {
    archive(protocol, library, pid, modules);
  }
};

// What lets its holder talk to an actor. Secret.
struct ActorKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const ActorKey&, const ActorKey&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(high, low);
  }
};

struct NodeReference {
  std::uint32_t module = 0;  // index into the sender's Hello::modules
  std::uint32_t rank = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(module, rank);
  }
};

struct ActorDescription {
  ActorId id{};
  ActorKey key{};
  std::string name{};
  std::string type{};
  std::int32_t pid = 0;
  std::uint32_t incarnation = 1;
  std::uint32_t mailbox_calls = 0;
  std::uint64_t mailbox_bytes = 0;
  std::uint8_t when_full = 0;    // WhenFull
  std::int64_t deadline_ns = 0;  // Timeout::span(); of calls that have none

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key, name, type, pid, incarnation, mailbox_calls, mailbox_bytes, when_full, deadline_ns);
  }
};

// What a client asks of a channel; its request memory travels along.
struct ChannelOffer {
  std::uint32_t slots = 0;
  std::uint32_t request_cells = 0;
  std::uint32_t reply_cells = 0;
  std::uint8_t spin = 0;  // Spin, of both ends

  template <class Archive>
  void serialize(Archive& archive) {
    archive(slots, request_cells, reply_cells, spin);
  }
};

constexpr std::uint32_t kNoLifeWord = UINT32_MAX;

// What the host has made of it; reply memory and state memory travel along.
struct ChannelAnswer {
  std::uint32_t life_word = kNoLifeWord;  // index in the host's life page, for this channel alone

  template <class Archive>
  void serialize(Archive& archive) {
    archive(life_word);
  }
};

// Adding one: at the end, and in control_codec.hpp and the client's error_of.
enum class Refusal : std::uint8_t {
  start_failed,
  constructor_threw,  // `exception` holds it (wire/exceptions)
  duplicate_name,
  no_such_actor,
  incompatible,
  undecodable,
  actor_died,  // `cause` says how
  stopped,     // the runtime is shutting down
  no_memory,
  protocol,
};

struct Failure {
  Refusal kind = Refusal::start_failed;
  std::string text{};
  std::vector<std::byte> exception{};
  DeathCause cause{};
};  // serialized by control_codec.hpp, like the public structs

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

// Handles: request memory, the client's event, and, if argument_bytes, the sealed constructor arguments.
struct Spawn {
  std::uint64_t request = 0;
  NodeReference constructor{};
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
  std::uint8_t when_full = 0;
  std::int64_t deadline_ns = 0;
  std::int64_t start_timeout_ns = 0;
  std::vector<std::pair<std::string, std::string>> environment{};
  std::string working_directory{};
  ChannelOffer offer{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, constructor, type, name, join_existing, argument_bytes, lifetime, start, stdio, concurrency, mailbox_calls,
            mailbox_bytes, when_full, deadline_ns, start_timeout_ns, environment, working_directory, offer);
  }
};

struct Find {
  std::uint64_t request = 0;
  std::string name{};
  std::string type{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, name, type);
  }
};

// Handles: request memory, the client's event.
struct Attach {
  std::uint64_t request = 0;
  ActorId actor{};
  ActorKey key{};
  std::string type{};
  ChannelOffer offer{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, actor, key, type, offer);
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

// The client holds no proxy of this actor any more. The manager stops it if this client spawned it and it is scoped.
struct Release {
  ActorId actor{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor);
  }
};

struct Shutdown {
  std::uint64_t request = 0;
  std::int64_t grace_ns = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, grace_ns);
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

// Answers Spawn and Attach. Handles: reply memory, state memory, the host's life page, its pidfd, its event.
// `found`: spawn_or_get met a living actor; then there are no handles and no channel yet.
struct Opened {
  std::uint64_t request = 0;
  ActorDescription actor{};
  ChannelAnswer channel{};
  bool found = false;

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

struct Listed {
  std::uint64_t request = 0;
  std::vector<ActorInfo> actors{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, actors);
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

struct ActorDown {
  ActorId actor{};
  std::uint32_t incarnation = 0;
  std::string name{};
  std::string type{};
  ExitStatus status{};
  DeathCause cause{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, incarnation, name, type, status, cause);
  }
};

struct ActorUp {
  ActorDescription actor{};  // without its key

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor);
  }
};

struct ShutdownDone {
  std::uint64_t request = 0;
  std::vector<ActorInfo> killed{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, killed);
  }
};

// ---- manager → zygote; answers

// Handles: the new host's end of its control socket.
struct Fork {
  std::uint64_t request = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request);
  }
};

struct Forked {
  std::uint64_t request = 0;
  std::int32_t pid = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, pid);
  }
};

// A zygote that cannot fork at all (threads, no tid address) says so at once with request 0.
struct ForkFailed {
  std::uint64_t request = 0;
  std::string reason{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, reason);
  }
};

// Any role whose main went on without the guard.
struct GuardMissing {
  std::string what{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(what);
  }
};

// ---- manager → host; answers

// Handles: request memory, the client's event, and, if argument_bytes, the sealed constructor arguments.
struct Construct {
  ActorDescription actor{};
  NodeReference constructor{};
  std::uint64_t argument_bytes = 0;
  std::uint32_t concurrency = 1;
  std::string working_directory{};
  std::uint64_t channel = 0;
  ChannelOffer offer{};
  std::vector<ModuleIdentity> client_modules{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, constructor, argument_bytes, concurrency, working_directory, channel, offer, client_modules);
  }
};

// The constructor has run, and the first channel is open. Handles: reply memory, state memory, life page, the host's event.
struct Constructed {
  ChannelAnswer channel{};
  std::uint32_t manager_life_word = kNoLifeWord;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel, manager_life_word);
  }
};

struct ConstructFailed {
  Failure failure{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(failure);
  }
};

// Handles: request memory, the client's event.
struct OpenChannel {
  std::uint64_t channel = 0;
  ChannelOffer offer{};
  std::vector<ModuleIdentity> client_modules{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel, offer, client_modules);
  }
};

// Handles: reply memory, state memory, life page, the host's event.
struct ChannelOpened {
  std::uint64_t channel = 0;
  ChannelAnswer answer{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel, answer);
  }
};

struct ChannelRefused {
  std::uint64_t channel = 0;
  Failure failure{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel, failure);
  }
};

// The client of this channel is gone.
struct CloseChannel {
  std::uint64_t channel = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel);
  }
};

// Finish what has been sent, destroy the actor, exit.
struct StopHost {
  std::uint8_t unused = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(unused);
  }
};

struct AskStatus {
  std::uint64_t request = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request);
  }
};

struct Status {
  std::uint64_t request = 0;
  std::uint64_t calls_handled = 0;
  std::uint64_t mailbox_depth = 0;
  std::string running_method{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, calls_handled, mailbox_depth, running_method);
  }
};

// The host wants to be a client, too. Handles: the manager's end of the new client's control socket (a Join follows on it).
struct JoinAsClient {
  std::uint8_t unused = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(unused);
  }
};

// ---- the planes' vocabularies: what may arrive where. Adding a message: here, and in its receiver's visitor.

using ToManagerFromClient =
    std::variant<Join, Spawn, Find, Attach, List, Watch, StopActor, KillActor, Release, Shutdown, GuardMissing>;
using ToClient =
    std::variant<Welcome, Opened, Refused, Found, Listed, ActorFalling, ActorDown, ActorUp, ShutdownDone, GuardMissing>;
using ToZygote = std::variant<Fork>;
using ToManagerFromZygote = std::variant<Hello, Forked, ForkFailed, GuardMissing>;
using ToHost = std::variant<Construct, OpenChannel, CloseChannel, StopHost, AskStatus>;
using ToManagerFromHost =
    std::variant<Hello, Constructed, ConstructFailed, ChannelOpened, ChannelRefused, Status, JoinAsClient, GuardMissing>;

// The bytes of one message. GuardMissing has the same bytes in every vocabulary.
template <class Vocabulary, class Message>
std::vector<std::byte> encode_message(const Message& message);

// Errors: ProtocolError for an unknown kind, fields that do not decode, or bytes left over.
template <class Vocabulary>
Vocabulary decode_message(std::span<const std::byte> bytes);

}  // namespace troupe::wire
