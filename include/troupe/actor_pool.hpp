// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/actor_pool_map.hpp>
#include <troupe/detail/actor_pool_members.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/detail/spawn.hpp>
#include <troupe/gather.hpp>
#include <troupe/options.hpp>
#include <troupe/proxy.hpp>
#include <troupe/runtime.hpp>
#include <troupe/wait.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

// Which member a call without a key goes to.
// round_robin: each in its turn. least_loaded: the one with the fewest calls of this process that have no reply which was read;
// among those, each in its turn. random: any. consistent_hash: calls have keys (by_key); those without go round.
// A call with a key goes, under each of them, to the member that the key's hash says: always the same one, and when a member
// leaves or joins, only the keys that were its own, or become its own, go elsewhere.
enum class Routing : std::uint8_t { round_robin, least_loaded, random, consistent_hash };

// When a member gets no calls for a while: after so many failures in a row that speak of it, not of the call: a call that was not
// answered by its deadline, a life that ended. An answer in time, an exception of the method included, ends the row. Then one
// call goes there as a probe, and another one after as long again, until one is answered in time. Where no member is left to
// call, the one whose time is up first is called.
struct CircuitBreaker {
  unsigned failures = 5;                       // 0: it never opens
  Timeout open_for = std::chrono::seconds(1);  // how long
};

// ActorPoolOptions{.size = 4, .routing = Routing::least_loaded}
struct ActorPoolOptions {
  std::optional<std::ptrdiff_t> size{};  // at least 1; absent: a member per processor that this process may use (affinity, quota)
  Routing routing = Routing::round_robin;
  // Of each member. A name gets "-0", "-1", … at its end. With a RestartPolicy an actor that dies lives on in its place, and
  // calls that it had not begun wait for that, as for any such actor; it is replaced when its policy has given up.
  SpawnOptions spawn = {};
  CircuitBreaker breaker = {};
  // Before a member is replaced after a constructor that failed, or a life that was shorter than `most`; one that was longer ends
  // the row. The first is replaced at once.
  RestartPolicy::Backoff backoff = {};
  Timeout short_after = std::chrono::seconds(5);  // fewer members than `size` for so long: PoolShort (Runtime::on_event)
  Timeout grace = std::chrono::seconds(5);        // for members to finish what they have, in the destructor and in resize
  unsigned calls_in_flight = 4;                   // of a map, per member
};

namespace detail {

// The verbs of a pool. `Self` has its members, its key and its options.
template <class Self, class A>
class ActorPoolVerbs {
 public:
  // As Proxy::call, of a member. A call that its member had not begun when it died goes to another one; one that had fails with
  // ActorDied. Where there is no member, it waits for the one that is being started, under its deadline, or has failed:
  // with BrokenExecutorError where none could be started, MailboxFull where too many calls wait already, PoolTerminated where the
  // pool has ended (all are troupe::Error). Blocks: as Proxy::call.
  template <auto kMethod, class... Args>
  auto call(Args&&... args) const {
    assert_method_of<A, kMethod>();
    using Traits = MethodTraits<decltype(kMethod)>;
    return call_with<kMethod, ResultOf<typename Traits::Return>>(typename Traits::ParameterTypes(), std::forward<Args>(args)...);
  }

  // As Proxy::tell. What a member had not begun when it died is lost. Errors: as those of call, where there is no member.
  template <auto kMethod, class... Args>
  void tell(Args&&... args) const {
    assert_method_of<A, kMethod>();
    const ChosenMember chosen = choose_living_member(self().members_reference(), self().key());
    Proxy<A>(link_of(chosen)).with(options_or_defaults()).template tell<kMethod>(std::forward<Args>(args)...);
  }

 private:
  template <auto kMethod, class R, class... P, class... Args>
  AsyncResult<R> call_with(Parameters<P...>, Args&&... args) const {
    CallAssertions<Parameters<P...>, Args...>::hold();
    assert_result_crosses<R>();
    const ChosenMember chosen = choose_member(self().members_reference(), self().key());
    TypedCell<R>* cell = new_cell<R>();
    cell->set_movable();
    AsyncResult<R> result = ResultAccess::adopt(cell);
    send_envelope(*chosen.link, Registration<MethodKey<A, kMethod>>::node(), self().options_or_null(), cell,
                  as_wire<std::remove_cvref_t<P>>(std::forward<Args>(args))...);
    return result;
  }
  template <class R>
  TypedCell<R>* new_cell() const {
    if (self().key()) return new KeyedCell<R>(1, *self().key());
    return new TypedCell<R>(1);
  }
  CallOptions options_or_defaults() const {
    const CallOptions* options = self().options_or_null();
    return options != nullptr ? *options : CallOptions();
  }
  const Self& self() const { return static_cast<const Self&>(*this); }
};

// A pool under a key, options, or both.
template <class A>
class PoolRoute : public ActorPoolVerbs<PoolRoute<A>, A> {
 public:
  PoolRoute(std::shared_ptr<pool::Members> members, PoolKey key, std::optional<CallOptions> options)
      : members_(std::move(members)), key_(key), options_(options) {}

  template <class K>
  PoolRoute by_key(const K& key) const {
    return {members_, key_hash(key), options_};
  }
  PoolRoute with(CallOptions options) const { return {members_, key_, checked(options)}; }

 private:
  friend class ActorPoolVerbs<PoolRoute<A>, A>;
  pool::Members& members_reference() const { return *members_; }
  const PoolKey& key() const { return key_; }
  const CallOptions* options_or_null() const { return options_ ? &*options_ : nullptr; }

  std::shared_ptr<pool::Members> members_;
  PoolKey key_;
  std::optional<CallOptions> options_;
};

}  // namespace detail

// Several actors of one class, made of the same arguments, that share the calls. A member that dies leaves at once, and is
// replaced by a new one; nothing of this is told but by Runtime::on_event, unless the pool is short of members for long
// (PoolShort). Thread-safety: full, but for construction and destruction; callbacks may use it. It belongs to the process that
// made it, and ends before its Runtime does. Its destructor stops the members: they finish what they have, within
// ActorPoolOptions::grace.
template <class A>
class ActorPool : public detail::ActorPoolVerbs<ActorPool<A>, A> {
 public:
  using actor_type = A;

  // The members come up in parallel. Blocks: until all are there. Errors: as Runtime::spawn, when the others have ended again,
  // too; std::invalid_argument, which names the option.
  template <class... Args>
  explicit ActorPool(Runtime& runtime, const ActorPoolOptions& options, Args&&... args)
      : members_(detail::make_members(runtime, options, recipe(std::forward<Args>(args)...))) {}
  ~ActorPool() { detail::close_members(members_); }  // callbacks may use it meanwhile
  ActorPool(const ActorPool&) = delete;
  ActorPool& operator=(const ActorPool&) = delete;

  // The same verbs, of the member that the key says; anything that std::hash takes. pool.by_key(user).call<&Cart::add>(item)
  template <class K>
  detail::PoolRoute<A> by_key(const K& key) const {
    return {members_, detail::key_hash(key), std::nullopt};
  }
  // The same verbs under these options. Errors: std::invalid_argument.
  detail::PoolRoute<A> with(CallOptions options) const { return {members_, std::nullopt, detail::checked(options)}; }

  // Calls it of every member: the values in the order of members(); of a void method, only that all have succeeded. The first
  // error is the outcome at once, and so is Error where there is no member. None of these calls goes to another member.
  template <auto kMethod, class... Args>
  auto broadcast(const Args&... args) const {
    using R = detail::ResultOf<typename detail::MethodTraits<decltype(kMethod)>::Return>;
    std::vector<AsyncResult<R>> results;
    for (const auto& proxy : members()) results.push_back(proxy.template call<kMethod>(args...));
    using Values = typename decltype(gather(results))::value_type;
    if (results.empty()) return failed<Values>(detail::no_member_error(*members_));
    return gather(std::move(results));
  }

  // The method's values for each of the range, in its order, `calls_in_flight` per member at a time; of a void method, nothing.
  // Blocks: until all are there. Errors: the first that a call fails with; those that have not begun are cancelled then.
  template <auto kMethod, class Range>
  auto map(Range&& range) const {
    using R = detail::ResultOf<typename detail::MethodTraits<decltype(kMethod)>::Return>;
    return detail::ActorPoolMap<ActorPool, R>(*this, detail::calls_in_flight(*members_)).template over<kMethod>(range);
  }

  // How many members it shall have; members() are those that live.
  std::size_t size() const { return detail::wanted_size(*members_); }
  // More: they come up in parallel, and when one of them cannot, all stays as it was. Blocks: until they are there. Errors: as
  // the constructor's. Fewer: the youngest take nothing more, finish what they have and end; returns at once.
  void resize(std::ptrdiff_t size) { detail::resize(*members_, size); }
  // In pool order: a new member has the place of the one that it replaces. A call to one of them stays with it.
  std::vector<Proxy<A>> members() const {
    std::vector<Proxy<A>> proxies;
    for (const auto& each : detail::all_members(*members_)) proxies.emplace_back(detail::link_of(each));
    return proxies;
  }

  template <class Archive>
  void serialize(Archive&) {
    static_assert(!std::is_same_v<Archive, Archive>,
                  "troupe: an ActorPool cannot cross to another process, it belongs to the one that made it; send the proxies of "
                  "its members()");
  }

 private:
  friend class detail::ActorPoolVerbs<ActorPool<A>, A>;
  pool::Members& members_reference() const { return *members_; }
  static detail::PoolKey key() { return std::nullopt; }
  static const CallOptions* options_or_null() { return nullptr; }

  template <class... Args>
  static std::unique_ptr<detail::PoolRecipe> recipe(Args&&... args) {
    (detail::assert_argument_crosses<detail::Travelling<Args>>(), ...);
    auto made = std::make_unique<detail::PoolRecipe>(detail::maker_of<A, detail::Travelling<Args>...>());
    detail::encode(made->arguments, detail::as_wire<detail::Travelling<Args>>(std::forward<Args>(args))...);
    return made;
  }
  template <class Values>
  static AsyncResult<Values> failed(std::exception_ptr error) {
    Promise<Values> promise;
    promise.set_exception(std::move(error));
    return promise.result();
  }

  std::shared_ptr<pool::Members> members_;
};

}  // namespace troupe
