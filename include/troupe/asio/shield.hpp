// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/settled.hpp>
#include <troupe/asio/source.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace troupe::async {

namespace detail {

template <Source S>
awaitable<ValueOf<S>> shielded(S source) {
  auto child = start(co_await this_coro::executor, std::move(source));
  if (co_await settled(CellReference(cell_of(child)), EndWait()) != WaitEnd::outcome) throw_cancelled("troupe::async::shield");
  co_return static_cast<ValueOf<S>>(value_of(std::move(child)));
}

}  // namespace detail

// What `source` gives. Cancelled, it throws CancelledError at once, and `source` goes on, untouched by it (C-68).
template <detail::Source S>
awaitable<detail::ValueOf<S>> shield(S source) {
  return detail::calmly(detail::shielded(std::move(source)));
}

}  // namespace troupe::async
