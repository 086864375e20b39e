// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/timeout.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

// How long an actor lives: as long as whoever spawned it, or as long as its (named) manager.
enum class Lifetime : std::uint8_t { scoped, detached };

// How a host process comes up: forked from a small process that waits ready, or by executing the program afresh.
enum class StartMethod : std::uint8_t { forkserver, spawn };

// What a sender meets when a mailbox has no room: it waits; its call fails with MailboxFull; or the call is kept in the
// sender's own memory until there is room.
enum class WhenFull : std::uint8_t { automatic, block, fail, spill };

// Where an actor's process writes.
// inherit: where the program does; of a terminal an actor can write, and not read (EIO). What it has written nobody keeps:
// between an actor and a terminal nothing can stand that the actor would not notice.
// capture: stdout and stderr, from before its constructor on, come to the program that spawned it: line by line as Output events
// (on_event), and in DeathCause::stderr_tail. The actor waits for nobody who reads: where the manager has not read for 50 ms
// the oldest is lost, and so it is where the program is slow; Output::lost_bytes says how much. What it has started itself and
// outlives it (setsid) finds its output closed then.
enum class Stdio : std::uint8_t { inherit, capture };

// What an actor's process expects of its callers. l0: they may crash, hang and write garbage, but mean no harm; parameters
// that are views (std::string_view, std::span<const T>) look straight into the memory that the caller wrote. l1: they may
// be hostile and change it meanwhile; such parameters look at a private copy.
enum class SecurityLevel : std::uint8_t { l0, l1 };

// When a dead actor is started again, and how soon. RestartPolicy{.max = 3} restarts it after crashes. It is constructed from the
// same arguments; calls that it had not started are sent to its next life, in order, and its proxies go on to speak for it. When
// it has died too often, it stays dead, and callers hear of the first of those deaths. (An actor of a group: see group.hpp.)
struct RestartPolicy {
  // The delay before each restart is drawn at random from between a half and the whole of what is said here, so that actors that
  // died together do not come back all at once.
  struct Backoff {
    Timeout first = std::chrono::milliseconds(100);  // before the first restart
    Timeout most = std::chrono::seconds(10);         // it doubles up to here
  };
  enum class On : std::uint8_t { never, crash, any_exit };

  unsigned max = 0;                           // restarts allowed within `within`; 0: it stays dead
  Timeout within = std::chrono::seconds(30);  // window
  Backoff backoff = {};
  On on = On::crash;  // any_exit: also after an exit that is no crash
  unsigned poison_after =
      2;  // a call that is sent again and ran at so many deaths is not sent once more: PoisonMessage (1 and up)
  // How many calls there are from one checkpoint to the next, where the class has checkpoint(OutputArchive&) and
  // restore(InputArchive&): a next life is constructed, then restored from the last checkpoint. With 1, what a call has changed
  // is saved before the call is answered. 0: only request_checkpoint() saves.
  unsigned checkpoint_every = 1;

  static const RestartPolicy never;
};
inline constexpr RestartPolicy RestartPolicy::never = {.on = On::never};

// The bounds of one sender's mailbox at one actor. `calls`: how many may be outstanding (1 to 32768). `bytes`: room for
// requests not yet taken (rounded up), and the same again for replies; what is larger than a quarter of it lies beside it.
// `payload`: the most bytes that the arguments of one call, or its result, may have (1 to 2 GiB; the default is 1 GiB and
// what it takes to say so). There is room for two such at a time; memory is taken when it is needed.
struct MailboxOptions {
  std::size_t calls = 1024;
  std::size_t bytes = 64 * 1024;
  WhenFull when_full = WhenFull::automatic;  // automatic: block; spill where the sender is an actor
  std::size_t payload = (std::size_t{1} << 30) + (std::size_t{1} << 20);
};

// Bounds for the actor's process, and for each process that it starts; absent: none of its own. They hold before the actor is
// constructed, and it can tighten them only. What the system does not grant (a processor that is not there, more open files
// than the hard limit, a nicer place without permission) is a StartError: nothing is left out in silence.
struct LimitOptions {
  // Bytes of private memory: heap, static data, the stacks of all threads but the first, touched or not (VmData in
  // /proc/PID/status). What callers and actor share, payloads on their way included, does not count. The process has some 9 MiB
  // before there is an actor, most of it an untouched stack; less than that and 1 MiB is a StartError that says how much.
  // Past it allocations throw std::bad_alloc: when it leaves the method, it is the caller's exception; when nobody catches it,
  // the death is DeathKind::out_of_memory. What C code makes of a null pointer is a signal like any other.
  std::optional<std::size_t> memory{};
  // Processor time of all threads, user and system, from the process's start; each life has as much. In whole seconds: rounded
  // up. Past it the actor dies: DeathKind::out_of_cpu_time.
  std::optional<Timeout> cpu_time{};
  // At least 16, which the process has for itself and one caller; Stdio::capture takes 3 more, each further caller 4, and 10 it
  // takes to call actors.
  std::optional<unsigned> open_files{};
  std::optional<int> nice{};  // -20 (before all others) to 19; absolute. Below the starter's takes permission.
  std::vector<int> cpus{};    // the processors that it may use, numbered from 0 to 1023; empty: as its starter
};

// When an actor counts as hung: it has been in one and the same call (or message, or get, or what its checkpoint takes) for
// `after`, whatever it does there: it computes, waits for another actor, is stopped by SIGSTOP. Runtime::on_event tells of it
// then (Unresponsive), with the stack of its thread, and when it goes on after all (Responsive). Many short calls are no hang,
// idleness is none, and neither are a constructor (RuntimeOptions::start_timeout) or what it does while it is being stopped (its
// grace). Such an actor handles SIGURG, by which it is asked for its stack. When that comes, system calls that wait go on, but
// for those that never do after a signal (poll, epoll_wait, select, sleep, …): they return EINTR.
struct HangOptions {
  // At least 100 ms; it is noticed up to a quarter later: so the manager wakes up four to eight times within `after` as long as
  // such an actor lives, idle or not, and as often for a thousand of them. For ever: nobody looks.
  Timeout after = {};
  // It is killed then: a crash (DeathKind::hung) that RestartPolicy counts. Not while a debugger is attached.
  bool kill = false;
};

struct SpawnOptions {
  std::string name{};  // empty: none; unique within the manager
  Lifetime lifetime = Lifetime::scoped;
  RestartPolicy restart = RestartPolicy::never;
  MailboxOptions mailbox = {};
  Timeout deadline = {};  // of each call to it that has none of its own
  LimitOptions limits = {};
  StartMethod start = StartMethod::forkserver;
  std::vector<std::pair<std::string, std::string>> environment{};  // variables to set; not empty implies StartMethod::spawn
  std::string working_directory{};                                 // empty: the manager's
  Stdio stdio = Stdio::inherit;
  unsigned concurrency = 1;  // calls it handles at a time
  // Shared library that holds the actor's class (module.hpp), of which an interface may be all that is known here; empty: none.
  // A path; what has no '/' and is no file in this directory is looked for as the loader looks for libraries.
  std::string module{};
  SecurityLevel security = SecurityLevel::l0;
  HangOptions hang = {};
  std::string actor{};  // what the module calls the class; empty: it has one only that is what is spawned
};

// Whether waiting threads watch the ring for a moment before they sleep. `learned`: as long as that pays.
enum class Spin : std::uint8_t { learned, never };

struct RuntimeOptions {
  Timeout deadline = {};                             // of each call that has none from its actor or itself
  Timeout start_timeout = std::chrono::seconds(60);  // for a new process to report; then StartError
  Spin spin = Spin::learned;
};

// How to call. `deadline` is a span from the call's start.
struct CallOptions {
  std::optional<Timeout> deadline{};  // absent: the actor's, else the runtime's
  // Where the actor is restarted, the call is sent again even if it had started when the actor died; unless proxies are among
  // its arguments.
  bool idempotent = false;
  unsigned retries = 0;  // how often an idempotent call is sent again at the most; 0: until RestartPolicy::poison_after ends that
  unsigned window = 64;  // so many values of a stream may be made before the first of them is received; see Stream
};

}  // namespace troupe
