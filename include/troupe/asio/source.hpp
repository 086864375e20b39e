// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/settled.hpp>
#include <troupe/asio/task.hpp>

#include <functional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::async::detail {

// What the functions of troupe::async take: awaitables, which they start as tasks; tasks; AsyncResults.
template <class S>
struct SourceTraits {
  static constexpr bool is_source = false;
};
template <class T>
struct SourceTraits<awaitable<T>> {
  static constexpr bool is_source = true;
  using Value = T;
  using Child = Task<T>;
};
template <class T>
struct SourceTraits<Task<T>> : SourceTraits<awaitable<T>> {};
template <class T>
struct SourceTraits<AsyncResult<T>> : SourceTraits<awaitable<T>> {
  using Child = AsyncResult<T>;
};

template <class S>
concept Source = SourceTraits<S>::is_source;
// What runs already.
template <class S>
concept StartedSource = Source<S> && std::is_same_v<S, typename SourceTraits<S>::Child>;

template <Source S>
using ValueOf = typename SourceTraits<S>::Value;
template <Source S>
using ChildOf = typename SourceTraits<S>::Child;
// void as a value.
template <Source S>
using RegularValueOf = std::conditional_t<std::is_void_v<ValueOf<S>>, std::monostate, ValueOf<S>>;

template <class T>
Task<T> start(const boost::asio::any_io_executor& executor, awaitable<T> body) {
  return create_task(executor, std::move(body));
}
template <StartedSource S>
S start(const boost::asio::any_io_executor&, S source) {
  return source;
}

template <class T>
const AsyncResult<T>& result_of(const Task<T>& task) {
  return task.result();
}
template <class T>
const AsyncResult<T>& result_of(const AsyncResult<T>& result) {
  return result;
}

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;

// One of several that are waited for, whatever its type.
struct Child {
  template <StartedSource S>
  explicit Child(const S& child) : cell(cell_of(child)), cancel([child] { (void)child.cancel(); }), must_end(is_task<S>) {}

  CellReference cell;
  std::function<void()> cancel;
  bool must_end;  // a coroutine that was cancelled is waited for; a call is not, it may run on
};

// The value of one whose outcome is there; moved out when nobody else holds it. Errors: its outcome.
template <StartedSource S>
RegularValueOf<S> value_of(S child) {
  auto& cell = cell_of(child);
  if (const std::exception_ptr error = cell.error()) std::rethrow_exception(error);
  if constexpr (std::is_void_v<ValueOf<S>>) {
    return {};
  } else {
    return troupe::detail::take_value(cell);
  }
}

}  // namespace troupe::async::detail
