// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/proxy.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

// A method as it travels: the file that has it, its rank there, and what it is called with. Never an address, and never a number
// that only one process knows.
struct MethodWire {
  std::string path{};
  std::string build_id{};
  std::uint32_t node_count = 0;
  std::uint64_t fingerprint = 0;
  std::uint32_t rank = 0;
  std::string actor_type{};  // name of its typeid
  std::string signature{};   // likewise, of the function type

  friend bool operator==(const MethodWire&, const MethodWire&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(path, build_id, node_count, fingerprint, rank, actor_type, signature);
  }
};

// An actor and one of its methods. A method that this process does not have can be passed on, but not called.
class BoundMethod {
 public:
  BoundMethod() = default;
  BoundMethod(LinkHandle link, const RegistrationNode& node) noexcept : link_(std::move(link)), node_(&node) {}

  const LinkHandle& link() const { return link_; }
  // nullptr: it has none that can be called. Then `cell` is completed with IncompatibleInterface, or without one that is thrown.
  const RegistrationNode* node_or_fail(ResultCell* cell) const;

  // `signature`: of the function that it is to be. Errors: IncompatibleInterface for another one's.
  MethodWire pack(const char* signature) const;
  void unpack(MethodWire wire, const LinkWire& link, const char* signature);

  friend bool operator==(const BoundMethod& a, const BoundMethod& b) {
    return link_order(a.link_, b.link_) == std::strong_ordering::equal && a.node_ == b.node_ &&
           (a.foreign_ == b.foreign_ || (a.foreign_ && b.foreign_ && *a.foreign_ == *b.foreign_));
  }

 private:
  LinkHandle link_;
  const RegistrationNode* node_ = nullptr;
  std::shared_ptr<const MethodWire> foreign_;  // of a method that this process does not have
};

template <class Signature>
struct PlainSignature;
template <class R, class... P>
struct PlainSignature<R(P...)> {
  using type = std::remove_cvref_t<R>(std::remove_cvref_t<P>...);
};

}  // namespace detail

// A method of an actor as a value: to be called, in whatever process it comes to, without knowing the actor's class. It is an
// argument, a result, a member, and holds the actor as a proxy does. Made by bind. Default-constructed it is empty; calling it
// then throws std::logic_error. Where parameters are references, RemoteFunction<R(const T&)> and <R(T)> are one thing in two
// spellings, and convert. Thread-safety: as Proxy.
template <class Signature>
class RemoteFunction;

template <class R, class... P>
class RemoteFunction<R(P...)> {
  using Plain = typename detail::PlainSignature<R(P...)>::type;

 public:
  using result_type = std::remove_cvref_t<R>;

  RemoteFunction() = default;
  template <class Other>
  requires std::is_same_v<typename detail::PlainSignature<Other>::type, Plain> RemoteFunction(const RemoteFunction<Other>& other)
      : method_(other.method_) {}

  // As Proxy::call. One that comes from a program that this one is not a build of has IncompatibleInterface in its result.
  template <class... Args>
  AsyncResult<result_type> operator()(Args&&... args) const {
    detail::CallAssertions<detail::Parameters<P...>, Args...>::hold();
    detail::assert_result_crosses<result_type>();
    client::Link& link = detail::checked(method_.link());
    auto* cell = new detail::TypedCell<result_type>(1);
    AsyncResult<result_type> result = detail::ResultAccess::adopt(cell);
    if (const auto* node = method_.node_or_fail(cell)) {
      detail::send_envelope(link, *node, nullptr, cell, detail::as_wire<std::remove_cvref_t<P>>(std::forward<Args>(args))...);
    }
    return result;
  }

  // As Proxy::tell. Errors: IncompatibleInterface, too.
  template <class... Args>
  void tell(Args&&... args) const {
    detail::CallAssertions<detail::Parameters<P...>, Args...>::hold();
    client::Link& link = detail::checked(method_.link());
    detail::send_envelope(link, *method_.node_or_fail(nullptr), nullptr, nullptr,
                          detail::as_wire<std::remove_cvref_t<P>>(std::forward<Args>(args))...);
  }

  ActorId id() const { return detail::link_id(method_.link()); }
  explicit operator bool() const noexcept { return method_.link().get() != nullptr; }
  // The same method of the same actor.
  friend bool operator==(const RemoteFunction&, const RemoteFunction&) = default;

  template <class Archive>
  void save(Archive& archive) const {
    detail::save_link(archive, method_.link());
    archive(method_.pack(typeid(Plain).name()));
  }
  template <class Archive>
  void load(Archive& archive) {
    const detail::LinkWire link = detail::load_link(archive);
    detail::MethodWire method;
    archive(method);
    method_.unpack(std::move(method), link, typeid(Plain).name());
  }

 private:
  template <class>
  friend class RemoteFunction;
  template <auto kMethod, class A>
  friend auto bind(const Proxy<A>& proxy);
  friend struct std::hash<RemoteFunction>;

  explicit RemoteFunction(detail::BoundMethod method) noexcept : method_(std::move(method)) {}

  detail::BoundMethod method_;
};

namespace detail {

template <class R, class Parameters>
struct FunctionOf;
template <class R, class... P>
struct FunctionOf<R, Parameters<P...>> {
  using type = RemoteFunction<ResultOf<R>(std::remove_cvref_t<P>...)>;
  static constexpr void assert_crosses() {
    (assert_parameter_crosses<P>(), ...);
    assert_result_crosses<ResultOf<R>>();
  }
};

}  // namespace detail

// bind<&Counter::add>(counter) is a RemoteFunction<int(int)>. Errors: std::logic_error for an empty proxy.
template <auto kMethod, class A>
auto bind(const Proxy<A>& proxy) {
  detail::assert_method_of<A, kMethod>();
  using Traits = detail::MethodTraits<decltype(kMethod)>;
  using Function = detail::FunctionOf<typename Traits::Return, typename Traits::ParameterTypes>;
  Function::assert_crosses();
  detail::checked(proxy.link_);
  return typename Function::type(detail::BoundMethod(proxy.link_, detail::Registration<detail::MethodKey<A, kMethod>>::node()));
}

}  // namespace troupe

template <class Signature>
struct std::hash<troupe::RemoteFunction<Signature>> {
  std::size_t operator()(const troupe::RemoteFunction<Signature>& function) const noexcept {
    return std::hash<troupe::ActorId>()(function ? function.id() : troupe::ActorId());
  }
};
