// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/call_task.hpp>
#include <troupe/detail/pool_function.hpp>
#include <troupe/error.hpp>
#include <troupe/proxy.hpp>

#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

// How a pool of processes does what it is given.
namespace troupe::detail {

template <class F, class... Args>
using ApplyKey = RunKey<PoolWorker, TaskFunction<F>, Travelling<Args>...>;
template <class F, class... Args>
using ApplyResult = std::remove_cvref_t<typename ApplyKey<F, Args...>::Return>;

template <class F, class... Args>
inline constexpr bool applies = std::is_invocable_v<F&, Travelling<Args>&&...>;

template <class F, class... Args>
constexpr auto assert_applies() {
  static_assert(applies<F, Args...>,
                "troupe: a pool calls its function as f(args...), with the arguments decayed, text as std::string and spans as "
                "std::vector; take them as rvalues, by value or by const reference");
  (assert_argument_crosses<Travelling<Args>>(), ...);
  assert_result_crosses<ApplyResult<F, Args...>>();
}

// A task of a call of the node's with these arguments. Its reference is the caller's, beside the handle.
template <class R, class... Wire>
TaskCell<R>* new_task(const RegistrationNode& node, std::size_t item_count, const Wire&... wire) {
  TaskCell<R>* task = nullptr;
  if constexpr ((is_plain<Wire> && ...)) {
    task = new TaskCell<R>(node, encoded_size(wire...), item_count);
    encode_plain(task->arguments(), wire...);
  } else {
    auto buffer = std::make_unique<GrowingBuffer>();
    encode(*buffer, wire...);
    task = new TaskCell<R>(node, std::move(buffer), item_count);
  }
  static_cast<CallTask*>(task)->add_reference();
  return task;
}

// Errors of encoding are in the result.
template <class R, class... Wire>
AsyncResult<R> submit_one(CallCrew& crew, const RegistrationNode& node, const Wire&... wire) {
  std::vector<CallTask*> alone(1);
  TaskCell<R>* task = nullptr;
  try {
    task = new_task<R>(node, 1, wire...);
  } catch (const std::exception&) {
    return failed_result<R>(std::current_exception());
  }
  alone.front() = task;
  AsyncResult<R> result = ResultAccess::adopt<R>(task);
  crew.submit(std::move(alone), 0);
  return result;
}

template <class F, class... Args>
AsyncResult<ApplyResult<F, Args...>> apply_async(CallCrew& crew, Args&&... args) {
  return submit_one<ApplyResult<F, Args...>>(crew, Registration<ApplyKey<F, Args...>>::node(),
                                             as_wire<Travelling<Args>>(std::forward<Args>(args))...);
}

// Where a worker has nothing to do, the thread that asks calls it itself.
template <class F, class... Args>
ApplyResult<F, Args...> apply(CallCrew& crew, Args&&... args) {
  using R = ApplyResult<F, Args...>;
  const auto& node = Registration<ApplyKey<F, Args...>>::node();
  const auto lent = crew.borrow();
  if (!lent) return submit_one<R>(crew, node, as_wire<Travelling<Args>>(std::forward<Args>(args))...).get();
  static constexpr CallOptions kNoDeadline{.deadline = Timeout()};
  // Not forwarded: they may be wanted once more.
  AsyncResult<R> result;
  try {
    result = send_call<R>(*lent->link.get(), node, &kNoDeadline, as_wire<Travelling<Args>>(std::as_const(args))...);
    result.wait();
  } catch (...) {
    crew.leave_lent(*lent);
    throw;
  }
  if (crew.give_back(*lent, ResultAccess::cell(result))) {
    return submit_one<R>(crew, node, as_wire<Travelling<Args>>(std::forward<Args>(args))...).get();
  }
  return std::move(result).get();
}

// ---- many

template <class F, class Item>
using ChunkKey = RunKey<PoolWorker, ChunkFunction<F>, std::vector<Item>>;
template <class F, class Item>
using ItemKey = RunKey<PoolWorker, TaskFunction<F>, Item>;

// The work of a pool of processes: tasks are calls, functions are types, and what they take and give crosses.
struct CallWork {
  using Crew = CallCrew;
  using Task = CallTask;
  // What has the outcome of a task.
  template <class R>
  using Cell = TaskCell<R>;
  // What a chunk of items gives.
  template <class R>
  using Chunk = ChunkReply<R>;
  template <class F, class Item>
  using Result = ItemResult<F, Item>;
  // What is kept of a function, as long as there are items for it.
  template <class F>
  using Function = F;

  template <class F>
  static constexpr auto assert_takes() {
    assert_is_function_value<F>();
  }
  template <class F, class Item>
  static constexpr auto assert_maps() {
    static_assert(std::is_invocable_v<F&, Item&&>,
                  "troupe: map calls its function as f(item); starmap as f(elements of the item...)");
    assert_argument_crosses<Item>();
    assert_result_crosses<ItemResult<F, Item>>();
  }

  template <class F, class... Args>
  static auto apply(Crew& crew, const F&, Args&&... args) {
    assert_applies<F, Args...>();
    if constexpr (applies<F, Args...>) return detail::apply<F>(crew, std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  static auto apply_async(Crew& crew, const F&, Args&&... args) {
    assert_applies<F, Args...>();
    if constexpr (applies<F, Args...>) return detail::apply_async<F>(crew, std::forward<Args>(args)...);
  }

  // Tasks that are still to be submitted, with a reference for that beside the handle. Errors: of encoding.
  template <class F, class Item>
  static auto* new_single(Crew&, const F&, const Item& item) {
    return new_task<ItemResult<F, Item>>(Registration<ItemKey<F, Item>>::node(), 1, item);
  }
  template <class F, class Item>
  static auto* new_chunk(Crew&, const F&, const std::vector<Item>& items) {
    return new_task<Chunk<ItemResult<F, Item>>>(Registration<ChunkKey<F, Item>>::node(), items.size(), items);
  }

  // Of a chunk that has its outcome: what the item gave, or failed with.
  template <class R>
  static R value_of(ChunkValues<R>& values, std::size_t index) {
    return std::move(values[index]);
  }
  template <class R>
  static std::exception_ptr error_of(const ItemErrors::value_type& error, Cell<Chunk<R>>& chunk) {
    return exception_of(error, chunk.call());
  }
  template <class R>
  static void append(std::vector<R>& all, ChunkValues<R>& part) {
    all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  }
};

}  // namespace troupe::detail
