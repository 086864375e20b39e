// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>
#include <troupe/death.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/supervise.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe {

// Adding one: at the end; wire/control_codec changes with it.
enum class ActorState : std::uint8_t { starting, running, stopping, dead };

// A process that has proxies of an actor.
struct ActorHolder {
  ActorId actor{};  // the actor that lives in it; none: it is a program
  int pid = 0;

  friend bool operator==(const ActorHolder&, const ActorHolder&) = default;
};

// What the manager knows about one actor. A value, out of date as soon as it is read.
//
// A scoped actor lives until its parent ends, or nobody holds it: no other process has proxies of it, and none is in an
// envelope on its way. Actors that hold each other, and that nobody else holds, therefore live as long as their parent;
// `holders` shows such circles.
struct ActorInfo {
  ActorId id{};
  std::string name{};  // empty: it has none
  std::string type{};
  int pid = 0;
  ActorState state = ActorState::starting;
  unsigned incarnation = 0;
  std::uint64_t mailbox_depth = 0;  // requests sent to it and not done, the one that runs included
  std::uint64_t calls_handled = 0;
  unsigned restarts = 0;  // lives after the first one, with those that ended before they came up
  std::optional<DeathCause> last_death{};
  ActorId parent{};                        // the actor that spawned it; none: a program did
  std::vector<ActorHolder> holders{};      // itself included, if it has a proxy of itself
  std::uint64_t proxies_in_flight = 0;     // envelopes with proxies of it that have not been read yet
  std::string running{};                   // the method that runs now; empty: it waits for calls
  std::chrono::nanoseconds running_for{};  // with it: since it began
  std::uint64_t memory = 0;                // bytes of its process that no file and nobody else's memory is behind; 0: unknown
};

// What happens in a runtime. A new alternative: RuntimeEvent, and the manager that sends it.
struct Spawned {
  ActorId actor{};
  std::string name{};
  std::string type{};
  int pid = 0;
};

struct Down {
  ActorId actor{};
  std::string name{};
  std::string type{};
  unsigned incarnation = 0;
  ExitStatus status{};
  DeathCause cause{};
  std::uint64_t lost_tells = 0;  // one-way messages of this process to it that it had not started, and never will
  bool will_restart = false;     // another life follows: Restarted
};

struct Restarted {
  ActorId actor{};
  unsigned incarnation = 0;
  int pid = 0;
};

// Its restart policy, or its group's intensity, allows no further life; Down has come before. It comes for every actor that a
// group takes along when it gives up.
struct GaveUp {
  ActorId actor{};
  DeathCause first_cause{};  // of the deaths that were too many, the first one's; in a group that may be another actor's
};

// It hangs, as its HangOptions say. Once; then Responsive follows, or Down.
struct Unresponsive {
  ActorId actor{};
  std::string method{};  // that it is in
  unsigned incarnation = 0;
  std::chrono::nanoseconds running_for{};  // at least
  // Of its main thread, a line for each frame; empty when it gave none: it is stopped, or blocks SIGURG, or handles that itself.
  std::string backtrace{};
};

struct ManagerDown {
  std::string reason{};
};

// A group has failed more often than its intensity allows, and all that was in it has ended. The group above it, if there is
// one, takes that for a failure and may start it again.
struct GroupGaveUp {
  GroupId group{};
  DeathCause first_cause{};  // of the deaths that were too many, the first one's
};

// The call that was Unresponsive has ended.
struct Responsive {
  ActorId actor{};
  unsigned incarnation = 0;
};

enum class OutputStream : std::uint8_t { out, err };

// What a captured actor (Stdio::capture) has printed, to the program that has spawned it: a line, without its end; one of more
// than 4 KiB comes in pieces. Control characters and what is no UTF-8 come as \x1b. What was lost behind the last one comes
// without a line, before its Down.
struct Output {
  ActorId actor{};
  unsigned incarnation = 0;
  OutputStream stream = OutputStream::out;
  std::string line{};
  std::uint64_t lost_bytes = 0;  // so much, of either stream, could not be kept before this line
  bool is_line = true;
};

// An ActorPool has had fewer members than it should for ActorPoolOptions::short_after: dead ones could not be replaced. Once; it
// goes on trying, and PoolComplete follows when it has them all.
struct PoolShort {
  std::string name{};  // of its SpawnOptions
  std::string type{};
  std::size_t size = 0;     // that it should have
  std::size_t members = 0;  // that it has
  std::string reason{};     // why the last attempt to start one failed; empty: none has, but they die too soon
};

struct PoolComplete {
  std::string name{};
  std::string type{};
  std::size_t size = 0;
};

using RuntimeEvent = std::variant<Spawned, Down, Restarted, GaveUp, Unresponsive, ManagerDown, GroupGaveUp, Responsive, Output,
                                  PoolShort, PoolComplete>;

namespace detail {
// What callbacks are given.
Down with_symbols(Down down);
RuntimeEvent with_symbols(RuntimeEvent event);
}  // namespace detail

// What stopping many actors came to.
struct ShutdownReport {
  std::vector<ActorInfo> killed{};  // did not stop within the grace
};

}  // namespace troupe
