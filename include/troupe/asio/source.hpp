// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/settled.hpp>
#include <troupe/asio/task.hpp>

#include <memory>
#include <optional>
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

// One of several that are waited for, whatever its type. Not a handle: its value may be moved out while this is there.
struct Child {
  template <class T>
  explicit Child(const AsyncResult<T>& result) : cell(cell_of(result)) {}
  template <class T>
  explicit Child(const Task<T>& its_task) : cell(cell_of(its_task)), task(TaskAccess::state(its_task)) {}

  void cancel() const {
    if (task == nullptr) {
      cell->cancel(std::nullopt);
    } else {
      cancel_task(*cell, task);
    }
  }
  // A coroutine that was cancelled is waited for; a call is not, it may run on.
  bool must_end() const { return task != nullptr; }

  CellReference cell;
  std::shared_ptr<TaskState> task;  // null: a call, or what a Promise gives
};

// The value of one whose outcome is there; moved out when nobody else holds it. Errors: its outcome.
template <StartedSource S>
RegularValueOf<S> value_of(S child) {
  auto& cell = cell_of(child);
  if (const std::exception_ptr error = cell.error()) std::rethrow_exception(error);
  if constexpr (std::is_void_v<ValueOf<S>>) {
    return {};
  } else {
    return take_seen_value(cell);
  }
}

}  // namespace troupe::async::detail
