// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/link.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/options.hpp>

#include <compare>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

// The same signature with noexcept; none for one that has it.
template <class Signature>
struct Noexcept {};
#define TROUPE_DETAIL_NOEXCEPT(QUALIFIERS)    \
  template <class R, class... P>              \
  struct Noexcept<R(P...) QUALIFIERS> {       \
    using type = R(P...) QUALIFIERS noexcept; \
  };
TROUPE_DETAIL_NOEXCEPT()
TROUPE_DETAIL_NOEXCEPT(const)
TROUPE_DETAIL_NOEXCEPT(&)
TROUPE_DETAIL_NOEXCEPT(const&)
TROUPE_DETAIL_NOEXCEPT(&&)
TROUPE_DETAIL_NOEXCEPT(const&&)
#undef TROUPE_DETAIL_NOEXCEPT

}  // namespace detail

// Picks one of several overloaded methods: call<overload<int(int)>(&A::add)>(5); const ones overload<int(int) const>. The
// pointer keeps the method's noexcept, said or not: without it GCC would give one method two symbols of one name.
template <class Signature, class C>
constexpr auto overload(Signature C::*method) noexcept {
  return method;
}
template <class Signature, class C>
constexpr auto overload(typename detail::Noexcept<Signature>::type C::*method) noexcept {
  return method;
}

namespace detail {

template <class... Wire>
void send_envelope(client::Link& link, const RegistrationNode& node, const CallOptions* options, ResultCell* cell,
                   const Wire&... wire) {
  CallWriter writer(link, node, options, cell);
  if constexpr ((is_plain<Wire> && ...)) {
    if (std::byte* place = writer.reserve(encoded_size(wire...))) {
      encode_plain(place, wire...);
      writer.send();
    }
  } else {
    GrowingBuffer buffer;
    try {
      encode(buffer, wire...);
    } catch (...) {
      writer.fail_to_encode();
      return;
    }
    writer.send(buffer);
  }
}

template <class R, class... Wire>
AsyncResult<R> send_call(client::Link& link, const RegistrationNode& node, const CallOptions* options, const Wire&... wire) {
  auto* cell = new TypedCell<R>(1);
  AsyncResult<R> result = ResultAccess::adopt(cell);
  send_envelope(link, node, options, cell, wire...);
  return result;
}

template <class Archive>
void save_link(Archive& archive, const LinkHandle& link) {
  archive(pack_link(link));
  if constexpr (std::is_same_v<Archive, OutputArchive>) archive.carry(link);
}

template <class Archive>
LinkWire load_link(Archive& archive) {
  if constexpr (std::is_same_v<Archive, InputArchive>) return read_link(archive);
  LinkWire wire;
  archive(wire);
  return wire;
}

template <class A, auto kMethod>
constexpr void assert_method_of() {
  using M = decltype(kMethod);
  static_assert(
      std::is_member_function_pointer_v<M>,
      "troupe: call, tell and bind take a method, as in call<&A::method>(…); for a field use get or set, for a function use run");
  if constexpr (std::is_member_function_pointer_v<M>) {
    static_assert(std::is_base_of_v<typename MethodTraits<M>::Class, A>,
                  "troupe: this method is not one of the actor's class or its bases; name one that it has, or use a proxy of the "
                  "class that has it");
  }
}

template <class Parameters, class... Args>
struct CallAssertions;
template <class... P, class... Args>
struct CallAssertions<Parameters<P...>, Args...> {
  static constexpr void hold() {
    static_assert(sizeof...(P) == sizeof...(Args),
                  "troupe: the method takes another number of arguments; name them all, because a pointer to a method knows no "
                  "defaults");
    if constexpr (sizeof...(P) == sizeof...(Args)) {
      static_assert((converts_to<std::remove_cvref_t<P>, Args> && ...),
                    "troupe: an argument does not convert to the method's parameter; convert it first, as for a call in this "
                    "process");
    }
    (assert_parameter_crosses<P>(), ...);
  }
};

struct ProxyAccess;

// In <troupe/stream.hpp>.
template <class A, auto kMethod, class... P, class... Args>
auto open_stream(const LinkHandle& link, const CallOptions* options, Parameters<P...>, Args&&... args);

// The verbs of a proxy. `Self` has its link and its options.
template <class Self, class A>
class CallVerbs {
 public:
  // Calls the method in the actor's process. Arguments convert to its parameters here. Never throws for the actor's state:
  // that is in the result. Blocks: only while the mailbox is full and its policy is WhenFull::block, and to open the
  // channel at the first call. Errors: std::logic_error on an empty proxy.
  template <auto kMethod, class... Args>
  auto call(Args&&... args) const {
    assert_method_of<A, kMethod>();
    using Traits = MethodTraits<decltype(kMethod)>;
    return call_with<kMethod, ResultOf<typename Traits::Return>>(typename Traits::ParameterTypes(), std::forward<Args>(args)...);
  }

  // Calls a method that returns its values one by one, a troupe::Generator or another range: Stream<T>, itself a range of them.
  // Never throws for the actor's state: that is in the stream. Blocks: as call does. Errors: std::logic_error on an empty proxy;
  // std::invalid_argument under CallOptions::idempotent. In <troupe/stream.hpp>.
  template <auto kMethod, class... Args>
  auto stream(Args&&... args) const {
    assert_method_of<A, kMethod>();
    return open_stream<A, kMethod>(static_cast<const Self&>(*this).link_handle(), options(),
                                   typename MethodTraits<decltype(kMethod)>::ParameterTypes(), std::forward<Args>(args)...);
  }

  // The same as call, without a reply. Errors: MailboxFull; ActorDied and the like when it cannot be sent at all.
  template <auto kMethod, class... Args>
  void tell(Args&&... args) const {
    assert_method_of<A, kMethod>();
    tell_with<kMethod>(typename MethodTraits<decltype(kMethod)>::ParameterTypes(), std::forward<Args>(args)...);
  }

  // Calls a captureless lambda (or any empty, default-constructible function object) with the actor, in its process.
  template <class Function, class... Args>
  auto run(Function, Args&&... args) const {
    static_assert(
        std::is_empty_v<Function> && std::is_default_constructible_v<Function>,
        "troupe: run takes a lambda without captures: another process cannot see what it would capture; pass the values as "
        "arguments, as in run([](A& a, int n) { … }, n)");
    static_assert(
        std::is_invocable_v<Function&, A&, Travelling<Args>&&...>,
        "troupe: run calls its function as f(actor, args...), with the arguments decayed, text as std::string and spans "
        "as std::vector; take them as rvalues, by value or by const reference");
    (assert_argument_crosses<Travelling<Args>>(), ...);
    using Key = RunKey<A, Function, Travelling<Args>...>;
    assert_result_crosses<ResultOf<typename Key::Return>>();
    return send_call<ResultOf<typename Key::Return>>(link(), Registration<Key>::node(), options(),
                                                     as_wire<Travelling<Args>>(std::forward<Args>(args))...);
  }

  // Reads or writes a public field of the actor, between its calls.
  template <auto kField>
  auto get() const {
    static_assert(std::is_member_object_pointer_v<decltype(kField)>,
                  "troupe: get takes a field, as in get<&A::field>(); for a method use call");
    using Field = std::remove_cvref_t<decltype(std::declval<A&>().*kField)>;
    assert_result_crosses<Field>();
    return send_call<Field>(link(), Registration<FieldReadKey<A, kField>>::node(), options());
  }
  template <auto kField, class Value>
  AsyncResult<void> set(Value&& value) const {
    static_assert(std::is_member_object_pointer_v<decltype(kField)>,
                  "troupe: set takes a field, as in set<&A::field>(value); for a method use call");
    using Field = std::remove_cvref_t<decltype(std::declval<A&>().*kField)>;
    static_assert(converts_to<Field, Value>,
                  "troupe: the value does not convert to the field's type; convert it first, or write it in a run(…)");
    assert_argument_crosses<Field>();
    return send_call<void>(link(), Registration<FieldWriteKey<A, kField>>::node(), options(),
                           as_wire<Field>(std::forward<Value>(value)));
  }

 private:
  template <auto kMethod, class R, class... P, class... Args>
  AsyncResult<R> call_with(Parameters<P...>, Args&&... args) const {
    CallAssertions<Parameters<P...>, Args...>::hold();
    assert_result_crosses<R>();
    return send_call<R>(link(), Registration<MethodKey<A, kMethod>>::node(), options(),
                        as_wire<std::remove_cvref_t<P>>(std::forward<Args>(args))...);
  }
  template <auto kMethod, class... P, class... Args>
  void tell_with(Parameters<P...>, Args&&... args) const {
    CallAssertions<Parameters<P...>, Args...>::hold();
    send_envelope(link(), Registration<MethodKey<A, kMethod>>::node(), options(), nullptr,
                  as_wire<std::remove_cvref_t<P>>(std::forward<Args>(args))...);
  }

  client::Link& link() const { return static_cast<const Self&>(*this).link_reference(); }
  const CallOptions* options() const { return static_cast<const Self&>(*this).options_or_null(); }
};

// Two verbs' names are templates of the class, so a proxy under options is a type of its own.
template <class A>
class ProxyUnderOptions : public CallVerbs<ProxyUnderOptions<A>, A> {
 public:
  ProxyUnderOptions(LinkHandle link, CallOptions options) : link_(std::move(link)), options_(options) {}

 private:
  friend class CallVerbs<ProxyUnderOptions<A>, A>;
  client::Link& link_reference() const { return checked(link_); }
  const LinkHandle& link_handle() const { return link_; }
  const CallOptions* options_or_null() const { return &options_; }

  LinkHandle link_;
  CallOptions options_;
};

template <class F>
class DownCallbackOf final : public DownCallback {
 public:
  explicit DownCallbackOf(F f) : f_(std::move(f)) {}
  void run(const Down& down) override {
    if constexpr (std::is_invocable_v<F&, const Down&>) {
      const Down named = with_symbols(down);
      f_(named);
    } else {
      static_assert(std::is_invocable_v<F&>,
                    "troupe: on_down takes a function that is called as f() or f(const Down&); take the Down, which says what "
                    "happened to which actor");
      f_();
    }
  }

 private:
  F f_;
};

}  // namespace detail

// Stands for an actor that lives in another process. A cheap value: copyable, comparable, hashable, serializable, so it is
// an argument, a result, a member. Default-constructed it is empty; then all but comparing throws std::logic_error.
// A scoped actor is stopped when the last of its proxies has gone, in whatever process; those of a dead process, and those that
// the actor has of itself, do not count, and those in an envelope on its way do. The end of whoever spawned it ends it for all.
// Thread-safety: as a shared_ptr; the verbs of one proxy may be called from any threads.
template <class A>
class Proxy : public detail::CallVerbs<Proxy<A>, A> {
 public:
  using actor_type = A;

  Proxy() = default;

  // The same verbs under these options: proxy.with({.deadline = 5ms}).call<&A::m>().
  // Errors: std::invalid_argument for options that are not supported.
  detail::ProxyUnderOptions<A> with(CallOptions options) const { return {link_, detail::checked(options)}; }

  // Takes nothing more, finishes what was sent before, destroys the actor, ends its process. If that takes longer than `grace` it
  // gets SIGTERM, and SIGKILL a second later; not while a debugger is attached to it.
  // Returns at once.
  void stop(Timeout grace = std::chrono::seconds(5)) const { detail::link_stop(link_, grace); }
  // SIGKILL, now; no restart follows. Returns at once.
  void kill() const { detail::link_kill(link_); }
  // Whether it has a process; not so between two lives.
  bool is_alive() const { return detail::link_is_alive(link_); }
  // How its last process ended. Blocks: until it is down for good; nullopt when `timeout` passes first.
  std::optional<ExitStatus> wait(Timeout timeout = {}) const { return detail::link_wait(link_, timeout); }

  ActorId id() const { return detail::link_id(link_); }
  std::string name() const { return detail::link_name(link_); }
  int pid() const { return detail::link_pid(link_); }
  // Counts its lives from 1, as far as this process has heard; pid() is that life's.
  unsigned incarnation() const { return detail::link_incarnation(link_); }

  // Calls f() or f(const Down&) once it is down for good (Runtime::on_event tells of each life's end), in a thread of the
  // runtime; soon when it has ended already.
  template <class F>
  void on_down(F f) const {
    detail::link_on_down(link_, std::make_unique<detail::DownCallbackOf<F>>(std::move(f)));
  }

  // The two end together from now on: when one of them has ended for good, and not as it should, the other one is stopped, too
  // (as by stop(), but DeathKind::linked: so whoever is linked to that one follows), whatever its RestartPolicy. As it should is:
  // it was stopped, in time or not, or it left with exit code 0. Anything else counts: a crash, a kill, a hang that is killed,
  // and that its policy, or its group, has given up; a death after which it lives again does not. Of one that is told to stop
  // twice, by a link and by stop(), the first counts. Both ways, once, and whoever holds proxies: the link is the runtime's, and
  // ends with the first of them, or with unlink. To one that has ended already: the same; of the last 1000 ends it is known how
  // they were, and one before those counts as one that was not as it should be.
  // Returns at once. Errors: std::invalid_argument for the same actor, and for one of another Runtime.
  template <class B>
  void link(const Proxy<B>& other) const {
    detail::link_to_other(link_, other.link_);
  }
  // Errors: likewise.
  template <class B>
  void unlink(const Proxy<B>& other) const {
    detail::unlink_from_other(link_, other.link_);
  }

  explicit operator bool() const noexcept { return link_.get() != nullptr; }

  friend bool operator==(const Proxy& a, const Proxy& b) {
    return detail::link_order(a.link_, b.link_) == std::strong_ordering::equal;
  }
  friend auto operator<=>(const Proxy& a, const Proxy& b) { return detail::link_order(a.link_, b.link_); }

  template <class Archive>
  void save(Archive& archive) const {
    detail::save_link(archive, link_);
  }
  template <class Archive>
  void load(Archive& archive) {
    link_ = detail::unpack_link(detail::load_link(archive), typeid(A).name());
  }

  // For the runtime.
  explicit Proxy(detail::LinkHandle link) noexcept : link_(std::move(link)) {}

 private:
  friend class detail::CallVerbs<Proxy<A>, A>;
  friend struct std::hash<Proxy<A>>;
  template <auto kMethod, class B>
  friend auto bind(const Proxy<B>& proxy);
  template <class B>
  friend class Proxy;
  friend struct detail::ProxyAccess;

  client::Link& link_reference() const { return detail::checked(link_); }
  const detail::LinkHandle& link_handle() const { return link_; }
  const CallOptions* options_or_null() const { return nullptr; }
  ActorId id_or_none() const { return link_.get() == nullptr ? ActorId() : id(); }

  detail::LinkHandle link_;
};

namespace detail {

// For the runtime.
struct ProxyAccess {
  template <class A>
  static const LinkHandle& link(const Proxy<A>& proxy) noexcept {
    return proxy.link_;
  }
};

}  // namespace detail
}  // namespace troupe

template <class A>
struct std::hash<troupe::Proxy<A>> {
  std::size_t operator()(const troupe::Proxy<A>& proxy) const noexcept {
    return std::hash<troupe::ActorId>()(proxy.id_or_none());
  }
};
