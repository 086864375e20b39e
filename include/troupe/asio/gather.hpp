// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/arrivals.hpp>
#include <troupe/asio/source.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::async {

namespace detail {

enum class Gathering { until_error, all };

inline awaitable<void> gather_all(const std::vector<Child>& children, Gathering gathering) {
  Arrivals arrivals(co_await this_coro::executor);
  for (std::size_t i = 0; i < children.size(); ++i) arrivals.expect(*children[i].cell, i);
  WaitEnd::How how = WaitEnd::outcome;
  while (arrivals.left() > 0 && how == WaitEnd::outcome) {
    const auto index = co_await arrivals.next(how, EndWait());
    if (!index || gathering == Gathering::all) continue;
    if (const std::exception_ptr error = children[*index].cell->error()) std::rethrow_exception(error);
  }
  if (how != WaitEnd::cancelled) co_return;
  co_await cancel_all(children);
  throw_cancelled("troupe::async::gather");
}

template <Source... Sources>
awaitable<std::tuple<ChildOf<Sources>...>> gather_children(Gathering gathering, Sources... sources) {
  const auto executor = co_await this_coro::executor;
  std::tuple<ChildOf<Sources>...> started{start(executor, std::move(sources))...};
  const auto children = std::apply([](const auto&... each) { return std::vector<Child>{Child(each)...}; }, started);
  co_await gather_all(children, gathering);
  co_return started;
}

template <Source S>
awaitable<std::vector<ChildOf<S>>> gather_children(Gathering gathering, std::vector<S> sources) {
  const auto executor = co_await this_coro::executor;
  std::vector<ChildOf<S>> started;
  for (S& source : sources) started.push_back(start(executor, std::move(source)));
  co_await gather_all(std::vector<Child>(started.begin(), started.end()), gathering);
  co_return started;
}

template <Source... Sources>
awaitable<std::tuple<RegularValueOf<Sources>...>> gather_values(Sources... sources) {
  auto ended = co_await gather_children(Gathering::until_error, std::move(sources)...);
  co_return std::apply([](auto&... each) { return std::tuple<RegularValueOf<Sources>...>(value_of(std::move(each))...); }, ended);
}

template <Source S>
awaitable<std::vector<RegularValueOf<S>>> gather_values(std::vector<S> sources) {
  auto ended = co_await gather_children(Gathering::until_error, std::move(sources));
  std::vector<RegularValueOf<S>> values;
  values.reserve(ended.size());
  for (auto& each : ended) values.push_back(value_of(std::move(each)));
  co_return values;
}

template <Source S>
awaitable<void> gather_voids(std::vector<S> sources) {
  (void)co_await gather_children(Gathering::until_error, std::move(sources));
}

template <Source... Sources>
awaitable<std::tuple<AsyncResult<ValueOf<Sources>>...>> gather_results(Sources... sources) {
  const auto ended = co_await gather_children(Gathering::all, std::move(sources)...);
  co_return std::apply([](const auto&... each) { return std::tuple(result_of(each)...); }, ended);
}

template <Source S>
awaitable<std::vector<AsyncResult<ValueOf<S>>>> gather_results(std::vector<S> sources) {
  const auto ended = co_await gather_children(Gathering::all, std::move(sources));
  std::vector<AsyncResult<ValueOf<S>>> results;
  for (const auto& each : ended) results.push_back(result_of(each));
  co_return results;
}

}  // namespace detail

// The values of all, in the order of the arguments (void as std::monostate); they run at the same time. The first error is
// thrown at once, and the others go on. Cancelled, it cancels them all, and throws CancelledError when the coroutines among
// them have ended (C-65).
template <detail::Source... Sources>
requires(sizeof...(Sources) > 0) auto gather(Sources... sources) {
  return detail::calmly(detail::gather_values(std::move(sources)...));
}
// Of a vector: a vector, or nothing where they have no values.
template <detail::Source S>
auto gather(std::vector<S> sources) {
  if constexpr (std::is_void_v<detail::ValueOf<S>>) {
    return detail::calmly(detail::gather_voids(std::move(sources)));
  } else {
    return detail::calmly(detail::gather_values(std::move(sources)));
  }
}

// Waits for all, whatever their outcomes, errors and cancellations included: as AsyncResults that are ready.
template <detail::Source... Sources>
requires(sizeof...(Sources) > 0) auto gather_settled(Sources... sources) {
  return detail::calmly(detail::gather_results(std::move(sources)...));
}
template <detail::Source S>
auto gather_settled(std::vector<S> sources) {
  return detail::calmly(detail::gather_results(std::move(sources)));
}

}  // namespace troupe::async
