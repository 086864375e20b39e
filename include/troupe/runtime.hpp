// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>
#include <troupe/async_result.hpp>
#include <troupe/detail/link.hpp>
#include <troupe/detail/spawn.hpp>
#include <troupe/group.hpp>
#include <troupe/guard.hpp>
#include <troupe/options.hpp>
#include <troupe/proxy.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

namespace detail {

class EventCallback {
 public:
  virtual ~EventCallback() = default;
  virtual void run(const RuntimeEvent& event) = 0;
};

template <class F>
class EventCallbackOf final : public EventCallback {
 public:
  explicit EventCallbackOf(F f) : f_(std::move(f)) {}
  void run(const RuntimeEvent& event) override {
    const RuntimeEvent named = with_symbols(event);
    f_(named);
  }

 private:
  F f_;
};

struct RuntimeAccess;

std::optional<LinkHandle> find_link(client::Session& session, std::string_view name, const std::type_info& type);

}  // namespace detail

// The way into troupe for a program: starts a private manager process (or joins a named one), and through it actors, each in a
// process of its own. Its destructor stops them all; of a named manager's actors those that were spawned through it, and are not
// detached. Thread-safety: full, but for construction and destruction.
class Runtime {
 public:
  // First in main. In a process that troupe started in a role it never returns.
  // Errors: StartError.
  Runtime(int argc, char** argv, RuntimeOptions options = {});
  // Where main_guard ran. Errors: StartError; std::logic_error if it did not.
  explicit Runtime(RuntimeOptions options = {});
  // Joins the manager of that name, which other programs of this user may share: `actor-host serve --name NAME` starts one. Where
  // main_guard ran.
  // Blocks: until it has answered, at most RuntimeOptions::start_timeout. Errors: StartError when none of that name is running,
  // none that answers, or the directory where it would be is not this user's alone; std::invalid_argument (such a name no
  // manager has); IncompatibleInterface when it was built with another version of troupe; std::logic_error without the guard.
  static Runtime connect(std::string_view name, const RuntimeOptions& options = {});
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Makes an A from `args` in a process of its own. Arguments travel as their decayed types, text as std::string and spans
  // as std::vector.
  // Blocks: until the constructor has run. Errors: what the constructor threw, as itself and as RemoteError (InitError when
  // its type is not registered); StartError; DuplicateName; SerializationError; ManagerDied; RuntimeStopped.
  template <class A, class... Args>
  Proxy<A> spawn(Args&&... args) {
    return spawn<A>(SpawnOptions(), std::forward<Args>(args)...);
  }
  template <class A, class... Args>
  Proxy<A> spawn(SpawnOptions options, Args&&... args) {
    return detail::start_actor<A>({session(), options}, std::forward<Args>(args)...).get();
  }

  // The same without blocking; the errors are in the result.
  template <class A, class... Args>
  AsyncResult<Proxy<A>> spawn_async(Args&&... args) {
    return spawn_async<A>(SpawnOptions(), std::forward<Args>(args)...);
  }
  template <class A, class... Args>
  AsyncResult<Proxy<A>> spawn_async(SpawnOptions options, Args&&... args) {
    return detail::start_actor<A>({session(), options}, std::forward<Args>(args)...);
  }

  // The living actor of that name, or else a new one; atomic among all who ask. Errors: as spawn; IncompatibleInterface
  // when the name belongs to an actor of another class; std::invalid_argument without a name.
  template <class A, class... Args>
  Proxy<A> spawn_or_get(SpawnOptions options, Args&&... args) {
    return detail::start_actor<A>({session(), options, detail::OnExisting::join}, std::forward<Args>(args)...).get();
  }

  // The living actor of that name, if there is one. Errors: IncompatibleInterface when it is of another class.
  template <class A>
  std::optional<Proxy<A>> find(std::string_view name) {
    auto link = detail::find_link(session(), name, typeid(A));
    if (!link) return std::nullopt;
    return Proxy<A>(std::move(*link));
  }
  // The same; NoSuchActor when there is none.
  template <class A>
  Proxy<A> lookup(std::string_view name) {
    auto proxy = find<A>(name);
    if (!proxy) no_such_actor(name);
    return std::move(*proxy);
  }

  // A new group, of actors that are restarted together: group.hpp.
  // Blocks: for the manager's answer. Errors: std::invalid_argument, which names the field; ManagerDied; RuntimeStopped.
  Group supervise(const GroupOptions& options = {}) { return Group::make(session_, {}, options); }

  // All living actors of this runtime; where its manager is a named one, whoever spawned them. Blocks: for the manager's answer,
  // about 250 ms when a host is stuck.
  std::vector<ActorInfo> actors();

  // Calls f(const RuntimeEvent&) for every event from now on, in order, in a thread of the runtime. Events are about all actors
  // of the manager, whoever spawned them; but what a captured actor prints (Output) is for who spawned it.
  template <class F>
  void on_event(F f) {
    add_event_callback(std::make_unique<detail::EventCallbackOf<F>>(std::move(f)));
  }

  // Stops all actors, as Proxy::stop does; of a named manager's those that were spawned through this, and are not detached; no
  // others are started through it afterwards. Blocks: until none is left, at most a few seconds more than `grace`, unless a
  // debugger is attached to one. Returns: who had to be killed. Idempotent.
  ShutdownReport shutdown(Timeout grace = std::chrono::seconds(5));

 private:
  friend struct detail::RuntimeAccess;

  struct Connected {
    explicit Connected(std::shared_ptr<client::Session> its_session) : session(std::move(its_session)) {}
    std::shared_ptr<client::Session> session;
  };
  explicit Runtime(Connected connected);

  client::Session& session() { return *session_; }
  void add_event_callback(std::unique_ptr<detail::EventCallback> callback);
  [[noreturn]] static void no_such_actor(std::string_view name);

  std::shared_ptr<client::Session> session_;
};

namespace detail {

// For pools.
struct RuntimeAccess {
  static const std::shared_ptr<client::Session>& session(const Runtime& runtime) noexcept { return runtime.session_; }
};

}  // namespace detail
}  // namespace troupe
