// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/archive.hpp>
#include <troupe/detail/argument.hpp>
#include <troupe/detail/deferred.hpp>
#include <troupe/detail/registry.hpp>

#include <cstring>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

// The host half of a call in templates: from a method's type to a thunk that decodes, calls and encodes, and to the key
// under which the thunk is registered.
namespace troupe::detail {

template <class... P>
struct Parameters {};

template <class Function>
struct MethodTraits;

// object(): the actor as the method wants it, which may be a base's.
#define TROUPE_DETAIL_METHOD(QUALIFIERS, OBJECT)                          \
  template <class R, class C, class... P>                                 \
  struct MethodTraits<R (C::*)(P...) QUALIFIERS> {                        \
    using Class = C;                                                      \
    using Return = R;                                                     \
    using ParameterTypes = Parameters<P...>;                              \
    static OBJECT object(C& actor) { return static_cast<OBJECT>(actor); } \
  };
TROUPE_DETAIL_METHOD(, C&)
TROUPE_DETAIL_METHOD(const, const C&)
TROUPE_DETAIL_METHOD(&, C&)
TROUPE_DETAIL_METHOD(const&, const C&)
TROUPE_DETAIL_METHOD(&&, C&&)
TROUPE_DETAIL_METHOD(const&&, const C&&)
TROUPE_DETAIL_METHOD(noexcept, C&)
TROUPE_DETAIL_METHOD(const noexcept, const C&)
TROUPE_DETAIL_METHOD(&noexcept, C&)
TROUPE_DETAIL_METHOD(const& noexcept, const C&)
TROUPE_DETAIL_METHOD(&&noexcept, C&&)
TROUPE_DETAIL_METHOD(const&& noexcept, const C&&)
#undef TROUPE_DETAIL_METHOD

// Encodes a result, in place where that runs no code of the user's.
template <class R>
void send_reply(Invocation& invocation, const R& result) {
  if (!invocation.wants_reply()) return;
  if constexpr (is_plain<R>) {
    encode_plain(invocation.reply(encoded_size(result)), result);
  } else {
    invocation.returned();
    GrowingBuffer buffer(GrowingBuffer::kLargestArguments, Direction::result);
    encode(buffer, result);
    invocation.reply_with(buffer);
  }
}

// Sends a result that has come; throws what it failed with.
template <class T>
void send_deferred(ResultCell& cell, Invocation& invocation) {
  cell.await_value(Timeout());
  if constexpr (std::is_void_v<T>) {
    if (invocation.wants_reply()) invocation.reply(0);
  } else {
    send_reply(invocation, static_cast<TypedCell<T>&>(cell).value());
  }
}

template <class T>
void reply_deferred(Invocation& invocation, const AsyncResult<T>& result) {
  TypedCell<T>& cell = ResultAccess::cell(result);
  if (invocation.await(cell, &send_deferred<T>)) send_deferred<T>(cell, invocation);
}

template <class... T>
void decode_arguments(Invocation& invocation, T&... values) {
  if constexpr ((is_view_argument<T> || ...)) {
    decode_as(Direction::argument, invocation.may_view(), invocation.arguments(), values...);
  } else {
    decode(invocation.arguments(), values...);
  }
}

// Of a method that goes on after its turn. Its parameters may look at the arguments: these stay with it, and do not look at
// what the caller wrote.
template <class R, class... P, class Function>
void serve_by_parts(Invocation& invocation, Parameters<P...>, Function&& function) {
  auto arguments = std::make_unique<std::tuple<Argument<P>...>>();
  std::apply([&](auto&... each) { decode_as(Direction::argument, false, invocation.arguments(), each...); }, *arguments);
  invocation.entered();
  auto begun = std::apply([&](auto&... each) { return function(static_cast<Argument<P>&&>(each)...); }, *arguments);
  reply_deferred(invocation, Returned<std::remove_cvref_t<R>>::start_by_parts(std::move(begun), std::move(arguments)));
}

// Decodes the arguments, calls `function` with them, sends its result. In a turn, from its begin to its end.
template <class R, class... P, class Function>
void serve_at_once(Invocation& invocation, Parameters<P...>, Function&& function) {
  std::tuple<Argument<P>...> arguments;
  std::apply([&](auto&... each) { decode_arguments(invocation, each...); }, arguments);
  invocation.entered();
  std::apply(
      [&](auto&... each) {
        if constexpr (Returned<std::remove_cvref_t<R>>::is_deferred) {
          reply_deferred(invocation, Returned<std::remove_cvref_t<R>>::start(function(static_cast<Argument<P>&&>(each)...)));
        } else if constexpr (std::is_void_v<R>) {
          function(static_cast<Argument<P>&&>(each)...);
          if (invocation.wants_reply()) invocation.reply(0);
        } else {
          send_reply<std::remove_cvref_t<R>>(invocation, function(static_cast<Argument<P>&&>(each)...));
        }
      },
      arguments);
}

template <class Actor, class R, class... P, class Function>
void serve(Invocation& invocation, Parameters<P...> parameters, Function&& function) {
  if constexpr (Returned<std::remove_cvref_t<R>>::goes_on_by_parts && is_reentrant<Actor>()) {
    serve_by_parts<R>(invocation, parameters, std::forward<Function>(function));
  } else {
    serve_at_once<R>(invocation, parameters, std::forward<Function>(function));
  }
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
    serve<Actor, Return>(invocation, parameters, [&](Argument<P>&&... argument) -> Return {
      return (Traits::object(actor).*kMember)(pass<P>(argument)...);
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
    serve_at_once<void>(invocation, Parameters<Field>(),
                        [&](Field&& value) { static_cast<Actor*>(actor)->*kField = std::move(value); });
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
    serve<Actor, Return>(invocation, Parameters<Args...>(), [&](Args&&... argument) -> Return {
      return Function()(*static_cast<Actor*>(actor), std::move(argument)...);
    });
  }

  static constexpr MethodThunk kMethod = &thunk;
  static constexpr ConstructorThunk kConstruct = nullptr;
};

template <class A>
concept HasCheckpoint = requires(A& actor, OutputArchive& archive) {
  actor.checkpoint(archive);
};
template <class A>
concept HasRestore = requires(A& actor, InputArchive& archive) {
  actor.restore(archive);
};

template <class A, class As>
A* actor_in(void* object) {
  return static_cast<A*>(static_cast<As*>(object));
}

// What a host needs to know of an actor besides its methods. As: the base that `object` is one of.
template <class A, class As = A>
ActorInstance instance_of(A* actor) {
  static_assert(HasCheckpoint<A> == HasRestore<A>,
                "troupe: an actor's class that has one of checkpoint(OutputArchive&) and restore(InputArchive&) needs the other "
                "one, too: what the one saves, the other one loads");
  ActorInstance instance{static_cast<As*>(actor), [](void* object) { delete actor_in<A, As>(object); }};
  instance.is_reentrant = is_reentrant<A>();
  if constexpr (HasCheckpoint<A> && HasRestore<A>) {
    instance.checkpoint = [](void* object, GrowingBuffer& buffer) {
      OutputArchive archive(buffer);
      actor_in<A, As>(object)->checkpoint(archive);
    };
    instance.restore = [](void* object, std::span<const std::byte> bytes) {
      InputArchive archive(bytes);
      actor_in<A, As>(object)->restore(archive);
      archive.expect_end();
    };
  }
  return instance;
}

template <class Actor, class... Args>
struct ConstructorKey {
  static constexpr const std::type_info* actor_type() { return &typeid(Actor); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static ActorInstance thunk(std::span<const std::byte> bytes) {
    std::tuple<Args...> arguments;
    std::apply([&](auto&... each) { decode(bytes, each...); }, arguments);
    Actor* actor = std::apply([](auto&... each) { return new Actor(std::move(each)...); }, arguments);
    return instance_of(actor);
  }

  static constexpr MethodThunk kMethod = nullptr;
  static constexpr ConstructorThunk kConstruct = &thunk;
};

}  // namespace troupe::detail
