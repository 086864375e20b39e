// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/arrivals.hpp>
#include <troupe/asio/source.hpp>
#include <troupe/detail/several.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

namespace troupe::async {

// When wait() returns. Adding one: is_enough() below.
using troupe::ReturnWhen;

// Each in the order in which they were given.
template <class S>
struct Waited {
  std::vector<S> done;
  std::vector<S> pending;
};

namespace detail {

// Whether `cell`, which has come last, is all that was waited for. A cancelled one is no exception, as in asyncio.
inline bool is_enough(ReturnWhen when, ResultCell& cell) {
  if (when == ReturnWhen::first_completed) return true;
  if (when == ReturnWhen::all_completed) return false;
  const std::exception_ptr error = cell.error();
  return error != nullptr && !is_cancellation(error);
}

// What comes more than once is waited for once.
template <class S>
std::vector<S> without_duplicates(std::vector<S> all) {
  std::vector<ResultCell*> seen;
  seen.reserve(all.size());
  for (const S& each : all) seen.push_back(&cell_of(each));
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) == seen.end()) return all;
  std::vector<S> result;
  for (S& each : all) {
    const auto place = std::lower_bound(seen.begin(), seen.end(), &cell_of(each));
    if (place == seen.end() || *place != &cell_of(each)) continue;
    seen.erase(place, std::upper_bound(place, seen.end(), &cell_of(each)));
    result.push_back(std::move(each));
  }
  return result;
}

template <class S>
Waited<S> parted(std::vector<S> all) {
  Waited<S> waited;
  for (S& each : all) (cell_of(each).has_outcome() ? waited.done : waited.pending).push_back(std::move(each));
  return waited;
}

template <class S>
awaitable<Waited<S>> wait_some(std::vector<S> all, TimePoint deadline, ReturnWhen when) {
  const auto executor = co_await this_coro::executor;
  const auto alarm = alarm_at(executor, deadline);
  Arrivals arrivals(executor);
  for (std::size_t i = 0; i < all.size(); ++i) arrivals.expect(cell_of(all[i]), i);
  WaitEnd::How how = WaitEnd::outcome;
  while (arrivals.left() > 0) {
    const auto index = co_await arrivals.next(how, EndWait(), alarm);
    if (!index || is_enough(when, cell_of(all[*index]))) break;
  }
  if (how == WaitEnd::cancelled) throw_cancelled("troupe::async::wait");
  co_return parted(std::move(all));
}

}  // namespace detail

// Waits until `when` is fulfilled or the time is over, and says which of them have their outcomes; it cancels none, and throws no
// TimeoutError (C-66). Coroutines are started first (create_task). Errors: std::invalid_argument when there is nothing to wait
// for.
template <detail::StartedSource S>
awaitable<Waited<S>> wait(std::vector<S> all, Timeout timeout = {}, ReturnWhen when = ReturnWhen::all_completed) {
  if (all.empty()) throw std::invalid_argument("troupe::async::wait: nothing to wait for; give it at least one result or task");
  return detail::calmly(detail::wait_some(detail::without_duplicates(std::move(all)), detail::deadline_after(timeout), when));
}

}  // namespace troupe::async
