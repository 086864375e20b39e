// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/link.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/death_report.hpp"
#include "client/call_channel.hpp"
#include "wire/control.hpp"

namespace troupe::client {

class Session;

// What becomes of a channel that is being opened; for any number of waiters. Thread-safety: full.
class Opening {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void succeed() { end({}); }
  void fail(std::exception_ptr error) { end(std::move(error)); }
  bool has_failed() const;
  // Blocks: until it is over; false: `deadline` came first. Errors: what it failed with.
  bool wait(TimePoint deadline) const;

 private:
  void end(std::exception_ptr error);

  mutable std::mutex mutex_;
  mutable std::condition_variable is_ended_;
  bool is_over_ = false;
  std::exception_ptr error_;
};

// This process's one connection to one actor: the lower half of all its proxies here. Opens its channel at the first call,
// unless the spawn brought one along. Calls are the channel's, messages to the manager the session's.
// Thread-safety: full. Ownership: the session's, until no handle is left.
class Link {
 public:
  Link(std::shared_ptr<Session> session, wire::ActorDescription actor, std::string type_name);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  // True when it was the last one.
  bool drop_handle() noexcept { return handles_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  bool has_handles() const noexcept { return handles_.load(std::memory_order_acquire) != 0; }

  // How often the manager counts this process as a holder because of this link. Thread-safety: the session's mutex.
  std::uint64_t grants() const { return grants_; }
  void add_grant() { ++grants_; }
  std::uint64_t take_grants() { return std::exchange(grants_, 0); }

  // Opens it if need be. Blocks: for the manager's answer, the first time; that comes, between two lives of the actor, with the
  // next. Errors: what the manager refuses with; TimeoutError at the deadline, after which it goes on being opened.
  CallChannel& channel(Opening::TimePoint deadline = Opening::TimePoint::max());
  CallChannel* channel_or_null() const { return channel_.load(std::memory_order_acquire); }
  void set_channel(CallChannel& channel);  // takes a reference

  void note_down(const Down& down);
  bool is_down() const;
  std::optional<ExitStatus> wait_down(Timeout timeout) const;
  void on_down(std::unique_ptr<detail::DownCallback> callback);
  bool has_down_callbacks() const;

  // As it was first known here; see pid(), incarnation().
  const wire::ActorDescription& actor() const { return actor_; }
  wire::ActorReference reference() const { return {actor_.id, actor_.key}; }
  int pid() const { return pid_.load(std::memory_order_relaxed); }
  unsigned incarnation() const { return incarnation_.load(std::memory_order_relaxed); }
  void note_life(int pid, unsigned incarnation);
  ActorIdentity identity() const;
  const std::string& type_name() const { return type_name_; }
  const std::shared_ptr<Session>& session() const { return session_; }

 private:
  std::shared_ptr<Opening> open();
  void run_down_callback(std::unique_ptr<detail::DownCallback> callback);

  const std::shared_ptr<Session> session_;
  const wire::ActorDescription actor_;
  const std::string type_name_;  // as the compiler spells it
  std::atomic<int> pid_;
  std::atomic<unsigned> incarnation_;
  std::uint64_t grants_ = 0;  // guarded by the session's mutex
  std::atomic<std::uint32_t> handles_{0};
  std::mutex open_mutex_;
  std::shared_ptr<Opening> opening_;  // guarded by open_mutex_
  std::atomic<CallChannel*> channel_{nullptr};

  mutable std::mutex down_mutex_;
  mutable std::condition_variable went_down_;
  std::optional<Down> down_;                                           // guarded by down_mutex_
  std::vector<std::unique_ptr<detail::DownCallback>> down_callbacks_;  // guarded by down_mutex_
};

}  // namespace troupe::client
