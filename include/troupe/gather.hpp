// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/join.hpp>
#include <troupe/detail/result_range.hpp>
#include <troupe/settled.hpp>

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// Results of several results. None of these blocks or takes a thread; any number of results can be waited for at once. The values
// are moved out of results that nobody else holds, and copied out of others. The same result may be given several times.
namespace troupe {

namespace detail {

template <class T>
using Gathered = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
Gathered<T> gathered_value(ResultCell& cell) {
  cell.await_value(Timeout());  // it is there; may be decoded only now
  auto& typed = static_cast<TypedCell<T>&>(cell);
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return take_value(typed);
  }
}

template <class T>
Settled<T> settled(ResultCell& cell) {
  if (std::exception_ptr error = cell.error()) return Settled<T>(std::move(error));
  if constexpr (std::is_void_v<T>) {
    return Settled<T>();
  } else {
    return Settled<T>(std::in_place, take_value(static_cast<TypedCell<T>&>(cell)));
  }
}

// How the value of a join is made: of each source by One, for a range of results, and for a list of them.
template <class One>
struct MakeVector {
  template <class Sources>
  auto operator()(Sources& sources, std::size_t) const {
    std::vector<decltype(One::of(sources[0]))> values;
    values.reserve(sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) values.push_back(One::of(sources[i]));
    return values;
  }
};

template <class... One>
struct MakeTuple {
  template <class Sources>
  auto operator()(Sources& sources, std::size_t) const {
    return from(sources, std::index_sequence_for<One...>());
  }
  template <class Sources, std::size_t... I>
  static auto from(Sources& sources, std::index_sequence<I...>) {
    return std::tuple<decltype(One::of(sources[I]))...>{One::of(sources[I])...};
  }
};

struct MakeIndex {
  template <class Sources>
  std::size_t operator()(Sources&, std::size_t decisive) const {
    return decisive;
  }
};

template <class T>
struct GatherOne {
  static Gathered<T> of(ResultCell& cell) { return gathered_value<T>(cell); }
};
template <class T>
struct SettleOne {
  static Settled<T> of(ResultCell& cell) { return settled<T>(cell); }
};

template <class Value, class Make, class T>
AsyncResult<Value> join(Join::Until until, std::vector<AsyncResult<T>> results) {
  NewJoin<JoinCell<Value, Make>> join(until);
  join.expect(results.size());
  for (auto& result : results) join.add(std::move(result));
  return join.begin();
}

template <class Value, class Make, class... T>
AsyncResult<Value> join_list(Join::Until until, AsyncResult<T>... results) {
  NewJoin<JoinCell<Value, Make>> join(until);
  join.expect(sizeof...(T));
  (join.add(std::move(results)), ...);
  return join.begin();
}

}  // namespace detail

// The values of all, in the order of the arguments, with std::monostate for each void. The first error is the outcome at once;
// the others go on. A cancelled one gives its CancelledError. Cancelling the new result cancels all that have not started.
template <class... T>
requires(sizeof...(T) > 0) AsyncResult<std::tuple<detail::Gathered<T>...>> gather(AsyncResult<T>... results) {
  using Make = detail::MakeTuple<detail::GatherOne<T>...>;
  return detail::join_list<std::tuple<detail::Gathered<T>...>, Make>(detail::Join::Until::first_error, std::move(results)...);
}

// The same of a range: a vector of the values; of void results, only that all have succeeded.
template <detail::ResultRange Results>
auto gather(Results&& results) {
  using T = detail::ValueIn<Results>;
  using Value = std::conditional_t<std::is_void_v<T>, void, std::vector<detail::Gathered<T>>>;
  return detail::join<Value, detail::MakeVector<detail::GatherOne<T>>>(detail::Join::Until::first_error,
                                                                       detail::results_in(std::forward<Results>(results)));
}

// What has become of each, when all have an outcome: this fails only when it is cancelled, which cancels as gather's does.
template <class... T>
requires(sizeof...(T) > 0) AsyncResult<std::tuple<Settled<T>...>> gather_settled(AsyncResult<T>... results) {
  using Make = detail::MakeTuple<detail::SettleOne<T>...>;
  return detail::join_list<std::tuple<Settled<T>...>, Make>(detail::Join::Until::all, std::move(results)...);
}

template <detail::ResultRange Results>
auto gather_settled(Results&& results) {
  using T = detail::ValueIn<Results>;
  return detail::join<std::vector<Settled<T>>, detail::MakeVector<detail::SettleOne<T>>>(
      detail::Join::Until::all, detail::results_in(std::forward<Results>(results)));
}

// The place, among those given, of the first to have an outcome, be it a value, an error or a CancelledError. The others go on.
// Cancelling cancels as gather's does.
template <class... T>
requires(sizeof...(T) > 0) AsyncResult<std::size_t> when_any(AsyncResult<T>... results) {
  return detail::join_list<std::size_t, detail::MakeIndex>(detail::Join::Until::first, std::move(results)...);
}

// Errors: std::invalid_argument of an empty range, which would have no first.
template <detail::ResultRange Results>
AsyncResult<std::size_t> when_any(Results&& results) {
  auto all = detail::results_in(std::forward<Results>(results));
  if (all.empty()) throw std::invalid_argument("troupe::when_any: results is empty, so that none can be the first; give it one");
  return detail::join<std::size_t, detail::MakeIndex>(detail::Join::Until::first, std::move(all));
}

}  // namespace troupe
