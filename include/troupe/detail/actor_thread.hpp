// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <typeinfo>
#include <utility>
#include <vector>

// Calls of a reentrant actor whose methods go on after their turns: by parts, which run in the actor's own thread, between turns
// and one at a time. What a part is, and what it waits for, is left to other headers (coroutines: <troupe/asio/method.hpp>).
namespace troupe::platform {
struct LifeStatus;
}
namespace troupe::host {
class Inbox;
}

namespace troupe::detail {

class ActorThread;
struct RegistrationNode;

// A call that goes on by parts, as long as one of them is left, be it answered or not. Thread-safety: it does not change.
struct OpenCall {
  ActorThread& thread;
  const RegistrationNode& method;
  std::int64_t deadline_ns;  // of its caller, by the steady clock
  std::stop_token stop;      // of a one-way message: nobody's
};

// While it lives this thread runs for a call: this_call() is that one, and the calls that are made end with it at the latest.
// Ownership: the call stays longer.
class RunningFor {
 public:
  explicit RunningFor(const OpenCall& call) noexcept;
  ~RunningFor();
  RunningFor(const RunningFor&) = delete;
  RunningFor& operator=(const RunningFor&) = delete;

  // What this thread runs for; null: nothing, or a turn alone.
  static const OpenCall* call() noexcept;

 private:
  const OpenCall* const before_;
  const std::int64_t deadline_before_;
};

// While it lives, the coroutine of a method runs in one turn, in `context`, which this thread runs: whatever it waits for, its
// actor waits for.
class OneTurn {
 public:
  explicit OneTurn(const void* context) noexcept;
  ~OneTurn();
  OneTurn(const OneTurn&) = delete;
  OneTurn& operator=(const OneTurn&) = delete;

  // Of this thread; null: there is none.
  static const void* context() noexcept;

 private:
  const void* const before_;
};

// One part of an open call, once.
class CallPart {
 public:
  explicit CallPart(std::shared_ptr<const OpenCall> call) : call_(std::move(call)) {}
  virtual ~CallPart() = default;
  CallPart(const CallPart&) = delete;
  CallPart& operator=(const CallPart&) = delete;

  // Destroys `self`, which is this, when it likes. What it throws is reported on stderr.
  virtual void run(std::unique_ptr<CallPart> self) = 0;

  const std::shared_ptr<const OpenCall>& call() const { return call_; }

 private:
  const std::shared_ptr<const OpenCall> call_;
};

// What the parts of an actor's calls wait in. Made, shut and destroyed in the actor's thread.
class PartsContext {
 public:
  PartsContext() = default;
  virtual ~PartsContext() = default;  // when the actor has gone: what it holds may still use this
  PartsContext(const PartsContext&) = delete;
  PartsContext& operator=(const PartsContext&) = delete;

  // The actor goes next: destroys all that waits.
  virtual void shut() noexcept = 0;
};

// The way to an actor's thread. Lives as long as the process, so a part may be posted at any time; when the actor has gone it
// stays where it is. Thread-safety: post() any thread; the rest the actor's.
class ActorThread {
 public:
  ActorThread(host::Inbox& inbox, platform::LifeStatus& status) : inbox_(inbox), status_(status) {}
  ~ActorThread();
  ActorThread(const ActorThread&) = delete;
  ActorThread& operator=(const ActorThread&) = delete;

  // In the turn of a method. Errors: std::logic_error elsewhere; std::system_error (no thread that could set its stop token).
  static OpenCall open_call();

  // Has it run between turns, behind what has been posted before. Errors: std::bad_alloc.
  void post(std::unique_ptr<CallPart> part);
  // Whether this thread runs such a part, or a turn that has begun an open call.
  bool is_running_part() const noexcept;
  // The one of this type; made when it is first asked for.
  template <class Context>
  Context& context() {
    if (PartsContext* made = find(typeid(Context))) return static_cast<Context&>(*made);
    return static_cast<Context&>(keep(typeid(Context), std::make_unique<Context>()));
  }

  // The dispatcher's: runs one. The host's: before the actor goes; and when it has gone.
  void run(std::unique_ptr<CallPart> part);
  void shut() noexcept;
  void end() noexcept;

 private:
  PartsContext* find(const std::type_info& type) noexcept;
  PartsContext& keep(const std::type_info& type, std::unique_ptr<PartsContext> context);
  void discard_parts() noexcept;

  host::Inbox& inbox_;
  platform::LifeStatus& status_;
  std::vector<std::pair<const std::type_info*, std::unique_ptr<PartsContext>>> contexts_;
};

}  // namespace troupe::detail
