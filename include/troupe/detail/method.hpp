// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/archive.hpp>
#include <troupe/detail/registry.hpp>

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// The host half of a call in templates: from a method's type to a thunk that decodes, calls and encodes, and to the key
// under which the thunk is registered.
namespace troupe::detail {

template <class... P>
struct Parameters {};

template <class Function>
struct MethodTraits;

#define TROUPE_DETAIL_METHOD(QUALIFIERS, OBJECT)   \
  template <class R, class C, class... P>          \
  struct MethodTraits<R (C::*)(P...) QUALIFIERS> { \
    using Class = C;                               \
    using Return = R;                              \
    using ParameterTypes = Parameters<P...>;       \
    template <class A>                             \
    static OBJECT object(A& actor) {               \
      return static_cast<OBJECT>(actor);           \
    }                                              \
  };
TROUPE_DETAIL_METHOD(, A&)
TROUPE_DETAIL_METHOD(const, const A&)
TROUPE_DETAIL_METHOD(&, A&)
TROUPE_DETAIL_METHOD(const&, const A&)
TROUPE_DETAIL_METHOD(&&, A&&)
TROUPE_DETAIL_METHOD(const&&, const A&&)
TROUPE_DETAIL_METHOD(noexcept, A&)
TROUPE_DETAIL_METHOD(const noexcept, const A&)
TROUPE_DETAIL_METHOD(&noexcept, A&)
TROUPE_DETAIL_METHOD(const& noexcept, const A&)
TROUPE_DETAIL_METHOD(&&noexcept, A&&)
TROUPE_DETAIL_METHOD(const&& noexcept, const A&&)
#undef TROUPE_DETAIL_METHOD

// What holds an argument while it is decoded and while the method runs.
template <class P>
struct ArgumentOf {
  using type = std::remove_cvref_t<P>;
};
template <>
struct ArgumentOf<std::string_view> {
  using type = std::string;
};
template <class T>
struct ArgumentOf<std::span<const T>> {
  using type = std::vector<T>;
};
template <class P>
using Argument = typename ArgumentOf<std::remove_cvref_t<P>>::type;

template <class P>
constexpr void assert_parameter_crosses() {
  static_assert(
      !std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>,
      "troupe: a parameter that is a reference to non-const cannot cross: the actor lives in another process and gets a copy; "
      "take it by value or const reference, and return what changed");
  assert_crosses<Argument<P>>();
  static_assert(
      std::is_default_constructible_v<Argument<P>>,
      "troupe: a parameter must be default-constructible, because it is loaded into an object; give its class a default "
      "constructor, or take it in a std::optional");
}

template <class R>
constexpr void assert_result_crosses() {
  if constexpr (!std::is_void_v<R>) assert_crosses<std::remove_cvref_t<R>>();
}

// Encodes a result, in place where that runs no code of the user's.
template <class R>
void send_reply(Invocation& invocation, const R& result) {
  if (!invocation.wants_reply()) return;
  if constexpr (is_plain<R>) {
    encode_plain(invocation.reply(encoded_size(result)), result);
  } else {
    GrowingBuffer buffer;
    encode(buffer, result);
    const auto bytes = buffer.bytes();
    std::byte* place = invocation.reply(bytes.size());
    if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
  }
}

// Decodes the arguments, calls `function` with them, sends its result.
template <class R, class... P, class Function>
void serve(Invocation& invocation, Parameters<P...>, Function&& function) {
  std::tuple<Argument<P>...> arguments;
  std::apply([&](auto&... each) { decode(invocation.arguments(), each...); }, arguments);
  invocation.entered();
  std::apply(
      [&](auto&... each) {
        if constexpr (std::is_void_v<R>) {
          function(static_cast<Argument<P>&&>(each)...);
          if (invocation.wants_reply()) invocation.reply(0);
        } else {
          send_reply<std::remove_cvref_t<R>>(invocation, function(static_cast<Argument<P>&&>(each)...));
        }
      },
      arguments);
}

// Hands an argument over as the parameter wants it.
template <class P>
decltype(auto) pass(Argument<P>& argument) {
  if constexpr (std::is_lvalue_reference_v<P>) {
    return std::as_const(argument);
  } else {
    return std::move(argument);
  }
}

template <class Actor, auto kMember>
struct MethodKey {
  using Traits = MethodTraits<decltype(kMember)>;
  using Return = typename Traits::Return;

  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static void thunk(void* actor, Invocation& invocation) {
    call(*static_cast<Actor*>(actor), invocation, typename Traits::ParameterTypes());
  }

  template <class... P>
  static void call(Actor& actor, Invocation& invocation, Parameters<P...> parameters) {
    serve<Return>(invocation, parameters, [&](Argument<P>&&... argument) -> Return {
      return (Traits::template object<Actor>(actor).*kMember)(pass<P>(argument)...);
    });
  }

  static constexpr MethodThunk kMethod = &thunk;
  static constexpr ConstructorThunk kConstruct = nullptr;
};

template <class Actor, auto kField>
struct FieldReadKey {
  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static void thunk(void* actor, Invocation& invocation) {
    decode(invocation.arguments());
    invocation.entered();
    send_reply(invocation, static_cast<Actor*>(actor)->*kField);
  }

  static constexpr MethodThunk kMethod = &thunk;
  static constexpr ConstructorThunk kConstruct = nullptr;
};

template <class Actor, auto kField>
struct FieldWriteKey {
  using Field = std::remove_cvref_t<decltype(std::declval<Actor&>().*kField)>;

  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static void thunk(void* actor, Invocation& invocation) {
    serve<void>(invocation, Parameters<Field>(), [&](Field&& value) { static_cast<Actor*>(actor)->*kField = std::move(value); });
  }

  static constexpr MethodThunk kMethod = &thunk;
  static constexpr ConstructorThunk kConstruct = nullptr;
};

// A captureless function object called with the actor. Args: as the caller passed them, decayed.
template <class Actor, class Function, class... Args>
struct RunKey {
  using Return = std::invoke_result_t<Function&, Actor&, Args&&...>;

  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static void thunk(void* actor, Invocation& invocation) {
    serve<Return>(invocation, Parameters<Args...>(),
                  [&](Args&&... argument) -> Return { return Function()(*static_cast<Actor*>(actor), std::move(argument)...); });
  }

  static constexpr MethodThunk kMethod = &thunk;
  static constexpr ConstructorThunk kConstruct = nullptr;
};

template <class Actor, class... Args>
struct ConstructorKey {
  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static ActorInstance thunk(std::span<const std::byte> bytes) {
    std::tuple<Args...> arguments;
    std::apply([&](auto&... each) { decode(bytes, each...); }, arguments);
    Actor* actor = std::apply([](auto&... each) { return new Actor(std::move(each)...); }, arguments);
    return {actor, [](void* object) { delete static_cast<Actor*>(object); }};
  }

  static constexpr MethodThunk kMethod = nullptr;
  static constexpr ConstructorThunk kConstruct = &thunk;
};

template <class T>
inline constexpr bool is_text = std::is_same_v<T, const char*> || std::is_same_v<T, char*> || std::is_same_v<T, std::string_view>;

// How a value travels when no parameter says so: decayed, and text as std::string.
template <class T>
using Travelling = std::conditional_t<is_text<std::decay_t<T>>, std::string, std::decay_t<T>>;

// The caller's argument as the parameter's type: itself when it is of that type, so that nothing large is copied.
template <class Target, class Source>
decltype(auto) as_wire(const Source& source) {
  if constexpr (std::is_same_v<Source, Target>) {
    return source;
  } else if constexpr (std::is_same_v<Target, std::string> && std::is_convertible_v<const Source&, std::string_view>) {
    return std::string_view(source);
  } else {
    return static_cast<Target>(source);
  }
}

}  // namespace troupe::detail
