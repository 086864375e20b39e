// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>
#include <troupe/death.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What the messages of all control planes are made of.
namespace troupe::wire {

constexpr std::uint32_t kProtocolVersion = 3;

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

// An actor, by one who may speak of it.
struct ActorReference {
  ActorId id{};
  ActorKey key{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key);
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

// Where the class of an actor is that the program of its spawner need not have. An empty path: nowhere else.
struct ActorModule {
  std::string path{};        // of a shared library
  std::string name{};        // what it calls the class; empty: the one that is of the actor's type
  std::string parameters{};  // of the constructor: typeid's name of a function's type; empty: the arguments are JSON texts

  template <class Archive>
  void serialize(Archive& archive) {
    archive(path, name, parameters);
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
  std::uint64_t mailbox_payload = 0;
  std::uint8_t when_full = 0;      // WhenFull
  std::int64_t deadline_ns = 0;    // Timeout::span(); of calls that have none
  bool may_restart = false;        // the end of its process need not be its own
  std::uint32_t poison_after = 0;  // RestartPolicy::poison_after

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, key, name, type, pid, incarnation, mailbox_calls, mailbox_bytes, mailbox_payload, when_full, deadline_ns,
            may_restart, poison_after);
  }
};

// RestartPolicy, but for what the client itself looks at.
struct Restart {
  std::uint32_t max = 0;
  std::int64_t within_ns = 0;
  std::int64_t first_delay_ns = 0;
  std::int64_t most_delay_ns = 0;
  std::uint8_t on = 0;
  std::uint32_t checkpoint_every = 0;
  std::uint32_t poison_after = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(max, within_ns, first_delay_ns, most_delay_ns, on, checkpoint_every, poison_after);
  }
};

// What a host is bounded by (LimitOptions). Zeros and `kNotNice`: not at all.
struct Limits {
  static constexpr std::int8_t kNotNice = -128;
  static constexpr std::size_t kMostProcessors = 1024;
  using Processors = std::array<std::uint64_t, kMostProcessors / 64>;

  std::uint64_t memory_bytes = 0;
  std::uint32_t cpu_seconds = 0;
  std::uint32_t open_files = 0;
  std::int8_t nice = kNotNice;  // else -20 to 19
  Processors processors{};      // a bit for each, from the lowest of the first word on

  template <class Archive>
  void serialize(Archive& archive) {
    archive(memory_bytes, cpu_seconds, open_files, nice, processors);
  }
};

// HangOptions.
struct Hang {
  std::int64_t after_ns = 0;  // 0: nobody looks
  bool kill = false;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(after_ns, kill);
  }
};

// What a client asks of a channel. Handles that travel along: request memory, its extents, the client's event.
struct ChannelOffer {
  std::uint32_t slots = 0;
  std::uint32_t request_cells = 0;
  std::uint32_t reply_cells = 0;
  std::uint64_t payload_bytes = 0;
  std::uint8_t spin = 0;         // Spin, of both ends
  std::uint32_t generation = 0;  // the first of each slot: the requests' memory may have served a life of the actor before

  static constexpr std::size_t kHandles = 3;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(slots, request_cells, reply_cells, payload_bytes, spin, generation);
  }
};

constexpr std::uint32_t kNoLifeWord = UINT32_MAX;

// What the host has made of it. Handles that travel along: reply memory, its extents, state memory, the host's life page,
// its event.
struct ChannelAnswer {
  std::uint32_t life_word = kNoLifeWord;  // index in the host's life page, for this channel alone

  static constexpr std::size_t kHandles = 5;
  static constexpr std::size_t kLifePage = 3;  // among them

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
  bad_options,  // of a group: what nobody can follow
};

struct Failure {
  Refusal kind = Refusal::start_failed;
  std::string text{};
  std::vector<std::byte> exception{};
  DeathCause cause{};
};  // serialized by control_codec.hpp, like the public structs

// Any role whose main went on without the guard.
struct GuardMissing {
  std::string what{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(what);
  }
};

}  // namespace troupe::wire
