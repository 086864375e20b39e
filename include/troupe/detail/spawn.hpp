// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/options.hpp>
#include <troupe/proxy.hpp>
#include <troupe/supervise.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace troupe {

namespace client {
class Session;
}

namespace detail {

// How a spawn ends when its name is taken.
enum class OnExisting : bool { fail, join };

// A test's first argument may be none of the constructor's (testing/fail.hpp).
template <class A, class... Args>
inline constexpr bool is_made_from = std::is_constructible_v<A, Args&&...>;

template <class A, class... Args>
ActorMaker maker_of() {
  const char* const type = typeid(A).name();
  const char* const parameters = typeid(void(Args...)).name();
  if constexpr (std::is_abstract_v<A>) {
    return {nullptr, type, parameters};
  } else {
    static_assert(is_made_from<A, Args...>,
                  "troupe: the actor's class cannot be constructed from these arguments (decayed, text as std::string, spans as "
                  "std::vector); convert them first, or give the class a constructor that takes them");
    return {&Registration<ConstructorKey<A, Args...>>::node(), type, parameters};
  }
}

struct SpawnOrder {
  ActorMaker maker;
  const SpawnOptions& options;
  std::span<const std::byte> arguments;
  OnExisting on_existing = OnExisting::fail;
  const Carried* carried = nullptr;  // the proxies among the arguments
  GroupId group{};                   // that it is spawned in
};

// Completes `cell` (of an AsyncResult<Proxy<A>>; with one reference for it) when the constructor has run.
void spawn_into(client::Session& session, const SpawnOrder& order, ResultCell& cell);
// The constructor's arguments could not be encoded: inside a catch block.
void fail_to_encode(const SpawnOrder& order, ResultCell& cell);

// Where, and how, an actor is started.
struct SpawnPlace {
  client::Session& session;
  const SpawnOptions& options;
  OnExisting on_existing = OnExisting::fail;
  GroupId group{};
};

template <class A, class... Args>
AsyncResult<Proxy<A>> start_actor(const SpawnPlace& place, Args&&... args) {
  (assert_argument_crosses<Travelling<Args>>(), ...);
  auto* cell = new TypedCell<Proxy<A>>(1);
  AsyncResult<Proxy<A>> result = ResultAccess::adopt(cell);
  SpawnOrder order{maker_of<A, Travelling<Args>...>(), place.options, {}, place.on_existing, nullptr, place.group};
  GrowingBuffer buffer(GrowingBuffer::kLargestArguments);
  try {
    encode(buffer, as_wire<Travelling<Args>>(std::forward<Args>(args))...);
  } catch (...) {
    fail_to_encode(order, *cell);
    return result;
  }
  order.arguments = buffer.bytes();
  order.carried = buffer.carried();
  spawn_into(place.session, order, *cell);
  return result;
}

}  // namespace detail

}  // namespace troupe
