// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>
#include <troupe/async_result.hpp>
#include <troupe/detail/spawn.hpp>
#include <troupe/options.hpp>
#include <troupe/proxy.hpp>
#include <troupe/supervise.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace troupe {

// Actors, and groups of them, that are started again together when one fails, as the group's options say. A cheap value that
// stands for the group, which lives in the manager: until it is stopped, gives up, or its Runtime ends; dropping the value
// changes nothing. Default-constructed it is empty; then spawn, supervise and stop throw std::logic_error.
//
// It decides about its actors' lives in place of their own RestartPolicy. Of that, `on = any_exit` (a clean exit is followed,
// too), `poison_after` and `checkpoint_every` hold; `max`, `within` and `backoff` are refused. There is no delay before a
// restart; `intensity` bounds them. Proxies speak for all lives, and calls that a life had not started wait for the next,
// whichever actor it was that failed. The group holds its actors: they live on when no proxy of them is left. One that is stopped
// or killed by its proxy, or that ends by itself with exit code 0, leaves the group. An actor that has to end for another one's
// failure finishes what it was sent before and is killed when that takes more than 5 s. Thread-safety: as a shared_ptr; the verbs
// may be called from any threads.
class Group {
 public:
  Group() = default;

  // As Runtime::spawn, in the group: as its youngest child. While the group restarts children it waits for its turn; and when
  // another one's failure concerns it while it comes up, it is ended and constructed anew, in its turn. What its constructor
  // throws counts against nobody. Errors: StartError, too, when the group is over.
  template <class A, class... Args>
  Proxy<A> spawn(Args&&... args) const {
    return spawn<A>(SpawnOptions(), std::forward<Args>(args)...);
  }
  template <class A, class... Args>
  Proxy<A> spawn(SpawnOptions options, Args&&... args) const {
    return spawn_async<A>(std::move(options), std::forward<Args>(args)...).get();
  }
  template <class A, class... Args>
  AsyncResult<Proxy<A>> spawn_async(Args&&... args) const {
    return spawn_async<A>(SpawnOptions(), std::forward<Args>(args)...);
  }
  template <class A, class... Args>
  AsyncResult<Proxy<A>> spawn_async(SpawnOptions options, Args&&... args) const {
    return detail::start_actor<A>({session(), options, detail::OnExisting::fail, id_}, std::forward<Args>(args)...);
  }

  // A group in this one, as its youngest child. When it gives up, that is a failure here.
  // Blocks: for the manager's answer. Errors: as Runtime::supervise; std::invalid_argument, too, when this group is over.
  Group supervise(const GroupOptions& options = {}) const { return make(checked(session_), id_, options); }

  // Stops all that is in it for good, one actor after the other, the youngest first; what still lives when `grace` has passed is
  // killed. One that is over already is no error.
  // Blocks: until all have ended. Returns: who was killed. Errors: ManagerDied, when that happens meanwhile.
  ShutdownReport stop(Timeout grace = std::chrono::seconds(5)) const;

  GroupId id() const noexcept { return id_; }

  explicit operator bool() const noexcept { return session_ != nullptr; }
  friend bool operator==(const Group& a, const Group& b) { return a.session_ == b.session_ && a.id_ == b.id_; }

 private:
  friend class Runtime;
  using SessionReference = std::shared_ptr<client::Session>;

  Group(SessionReference session, GroupId id) : session_(std::move(session)), id_(id) {}
  static Group make(const SessionReference& session, GroupId parent, const GroupOptions& options);
  static const SessionReference& checked(const SessionReference& session);
  client::Session& session() const { return *checked(session_); }

  SessionReference session_;
  GroupId id_{};
};

}  // namespace troupe
