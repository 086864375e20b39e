// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "wire/control_parts.hpp"

// The control plane between the manager and a host.
namespace troupe::wire {

// ---- manager → host, and its answers. The host says Hello first. Handle: its life page; none: it could not make one.

// Handles: those of the offer, unless `channel` is 0 (then none is opened yet); if argument_bytes, the sealed constructor
// arguments; if checkpoint_bytes, the sealed checkpoint; if captures_output, the readers and writers of two pipes:
// stdout's, stderr's.
struct Construct {
  ActorDescription actor{};
  NodeReference constructor{};  // unless it is in a module
  ActorModule module{};
  std::uint64_t argument_bytes = 0;
  std::uint32_t concurrency = 1;
  std::string working_directory{};
  std::uint8_t security = 0;
  Limits limits{};
  std::uint64_t channel = 0;
  ChannelOffer offer{};
  std::vector<ModuleIdentity> client_modules{};
  std::uint32_t checkpoint_every = kNoCheckpoints;  // RestartPolicy::checkpoint_every
  std::uint64_t checkpoint_bytes = 0;               // to restore from; 0: none
  bool shows_stack = false;                         // it may be asked for it (platform/stack_request)
  bool captures_output = false;

  static constexpr std::size_t kOutputHandles = 4;
  static constexpr std::uint32_t kNoCheckpoints = UINT32_MAX;  // nobody wants any

  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor, constructor, module, argument_bytes, concurrency, working_directory, security, limits, channel, offer,
            client_modules, checkpoint_every, checkpoint_bytes, shows_stack, captures_output);
  }
};

// The constructor has run, the state is restored, and the first channel is open. Handles: those of the channel's answer; if
// there is no such channel, the host's life page.
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

// Handles: those of the offer.
struct OpenChannel {
  std::uint64_t channel = 0;
  ChannelOffer offer{};
  std::vector<ModuleIdentity> client_modules{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel, offer, client_modules);
  }
};

// Handles: those of the answer.
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

// The client of this channel is gone. Answered by ChannelClosed.
struct CloseChannel {
  std::uint64_t channel = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel);
  }
};

// The host reads nothing more of this channel, as it was told.
struct ChannelClosed {
  std::uint64_t channel = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel);
  }
};

// A request with a lease has been dealt with: what the host holds of it, it has said so before, as a client.
struct LeaseRead {
  std::uint64_t channel = 0;
  std::uint64_t number = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel, number);
  }
};

// The actor's state as its next life shall find it, from now on. Handles: the sealed memory of so many bytes.
struct Checkpoint {
  std::uint64_t bytes = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(bytes);
  }
};

// See CancelCall.
struct StopTurn {
  std::uint64_t channel = 0;
  std::uint16_t slot = 0;
  std::uint32_t generation = 0;
  std::int64_t force_ns = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(channel, slot, generation, force_ns);
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

using ToHost = std::variant<Construct, OpenChannel, CloseChannel, StopHost, AskStatus, StopTurn>;
using ToManagerFromHost = std::variant<Hello, Constructed, ConstructFailed, ChannelOpened, ChannelRefused, ChannelClosed,
                                       LeaseRead, Status, JoinAsClient, GuardMissing, Checkpoint>;

}  // namespace troupe::wire
