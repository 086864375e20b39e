// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/call_task.hpp>
#include <troupe/detail/join.hpp>
#include <troupe/detail/pool_function.hpp>
#include <troupe/gather.hpp>
#include <troupe/proxy.hpp>
#include <troupe/wait.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

// The verbs of a pool, over its crew.
namespace troupe::detail {

// ---- one call

template <class F, class... Args>
using ApplyKey = RunKey<PoolWorker, TaskFunction<F>, Travelling<Args>...>;
template <class F, class... Args>
using ApplyResult = std::remove_cvref_t<typename ApplyKey<F, Args...>::Return>;

template <class F, class... Args>
constexpr void assert_applies() {
  static_assert(std::is_invocable_v<F&, Travelling<Args>&&...>,
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

template <class R>
AsyncResult<R> failed_result(std::exception_ptr error) {
  Promise<R> promise;
  promise.set_exception(std::move(error));
  return promise.result();
}

// Errors of encoding are in the result.
template <class R, class... Wire>
AsyncResult<R> submit_one(CallCrew& crew, const RegistrationNode& node, const Wire&... wire) {
  TaskCell<R>* task = nullptr;
  try {
    task = new_task<R>(node, 1, wire...);
  } catch (const std::exception&) {
    return failed_result<R>(std::current_exception());
  }
  AsyncResult<R> result = ResultAccess::adopt<R>(task);
  crew.submit({task});
  return result;
}

template <class F, class... Args>
AsyncResult<ApplyResult<F, Args...>> apply_async(CallCrew& crew, Args&&... args) {
  assert_applies<F, Args...>();
  return submit_one<ApplyResult<F, Args...>>(crew, Registration<ApplyKey<F, Args...>>::node(),
                                             as_wire<Travelling<Args>>(std::forward<Args>(args))...);
}

// Where a worker has nothing to do, the thread that asks calls it itself.
template <class F, class... Args>
ApplyResult<F, Args...> apply(CallCrew& crew, Args&&... args) {
  assert_applies<F, Args...>();
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

template <class T>
struct Owned {
  using type = T;
};
template <class A, class B>
struct Owned<std::pair<const A, B>> {  // a map's
  using type = std::pair<A, B>;
};
template <class Range>
using ItemOf = typename Owned<std::iter_value_t<decltype(std::begin(std::declval<Range&>()))>>::type;

template <class F, class Item>
using ChunkKey = RunKey<PoolWorker, ChunkFunction<F>, std::vector<Item>>;

template <class F, class Item>
constexpr void assert_maps() {
  static_assert(std::is_invocable_v<F&, Item&&>,
                "troupe: map calls its function as f(item); starmap as f(elements of the item...)");
  assert_argument_crosses<Item>();
  assert_result_crosses<ItemResult<F, Item>>();
}

// Errors: std::invalid_argument below 1.
std::size_t checked_chunksize(std::ptrdiff_t chunksize);
// So that each worker gets four chunks.
std::size_t default_chunksize(std::size_t item_count, std::size_t worker_count);

// The first error of several chunks', of whichever item or worker.
class FirstError {
 public:
  template <class R>
  void look_at(TaskCell<ChunkReply<R>>& chunk) {
    if (std::exception_ptr error = chunk.error()) return note(chunk.failed_at_ns(), std::move(error));
    for (const auto& each : std::get<1>(chunk.value())) {
      if (is_first(std::get<1>(each))) note(std::get<1>(each), exception_of(each, chunk.call()));
    }
  }
  template <class R>
  void look_at_single(TaskCell<R>& item) {
    if (std::exception_ptr error = item.error()) note(item.failed_at_ns(), std::move(error));
  }
  void rethrow() const {
    if (error_ != nullptr) std::rethrow_exception(error_);
  }

 private:
  bool is_first(std::int64_t when_ns) const { return error_ == nullptr || when_ns < when_ns_; }
  void note(std::int64_t when_ns, std::exception_ptr error) {
    if (!is_first(when_ns)) return;
    when_ns_ = when_ns;
    error_ = std::move(error);
  }

  std::int64_t when_ns_ = 0;
  std::exception_ptr error_;
};

template <class R>
using MapResult = std::conditional_t<std::is_void_v<R>, void, std::vector<Stored<R>>>;

// The values of all chunks, in their order.
template <class R>
struct MakeMap {
  template <class Sources>
  static TaskCell<ChunkReply<R>>& chunk(Sources& chunks, std::size_t index) {
    return static_cast<TaskCell<ChunkReply<R>>&>(chunks[index]);
  }
  template <class Sources>
  static void check(Sources& chunks) {
    FirstError first;
    for (std::size_t i = 0; i < chunks.size(); ++i) first.look_at<R>(chunk(chunks, i));
    first.rethrow();
  }
  template <class Sources>
  std::vector<Stored<R>> operator()(Sources& chunks, std::size_t) const {
    check(chunks);
    std::size_t count = 0;
    for (std::size_t i = 0; i < chunks.size(); ++i) count += chunk(chunks, i).item_count();
    std::vector<Stored<R>> values;
    values.reserve(count);
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      auto& part = std::get<0>(chunk(chunks, i).value());
      values.insert(values.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
    }
    return values;
  }
};

// Tasks that a crew has not got yet.
class Unsent {
 public:
  Unsent() = default;
  Unsent(const Unsent&) = delete;
  Unsent& operator=(const Unsent&) = delete;
  ~Unsent();

  void expect(std::size_t count) { tasks_.reserve(count); }
  void add(CallTask& task) { tasks_.push_back(&task); }
  void submit_to(CallCrew& crew) { crew.submit(std::exchange(tasks_, {})); }

 private:
  std::vector<CallTask*> tasks_;
};

template <class F, class Item>
auto* new_chunk(const std::vector<Item>& items) {
  return new_task<ChunkReply<ItemResult<F, Item>>>(Registration<ChunkKey<F, Item>>::node(), items.size(), items);
}

// Errors: of encoding.
template <class F, class Item>
AsyncResult<ChunkReply<ItemResult<F, Item>>> submit_chunk(CallCrew& crew, const std::vector<Item>& items) {
  using Reply = ChunkReply<ItemResult<F, Item>>;
  auto* task = new_chunk<F, Item>(items);
  AsyncResult<Reply> result = ResultAccess::adopt<Reply>(task);
  crew.submit({task});
  return result;
}

// Errors of encoding are in the result.
template <class F, class Item>
AsyncResult<MapResult<ItemResult<F, Item>>> map_items(CallCrew& crew, std::vector<Item> items, std::size_t chunksize) {
  using R = ItemResult<F, Item>;
  NewJoin<JoinCell<MapResult<R>, MakeMap<R>>> join(Join::Until::all);
  Unsent unsent;
  const std::size_t count = (items.size() + chunksize - 1) / chunksize;
  join.expect(count);
  unsent.expect(count);
  try {
    for (std::size_t first = 0; first < items.size(); first += chunksize) {
      const auto begin = items.begin() + static_cast<std::ptrdiff_t>(first);
      const auto size = static_cast<std::ptrdiff_t>(std::min(chunksize, items.size() - first));
      auto* task = new_chunk<F, Item>({std::make_move_iterator(begin), std::make_move_iterator(begin + size)});
      unsent.add(*task);
      join.add(ResultAccess::adopt<ChunkReply<R>>(task));
    }
  } catch (const SerializationError&) {
    return failed_result<MapResult<R>>(std::current_exception());
  }
  auto result = join.begin();
  unsent.submit_to(crew);
  return result;
}

// ---- an item at a time: nothing is wrapped

template <class F, class Item>
using ItemKey = RunKey<PoolWorker, TaskFunction<F>, Item>;

template <class R>
struct MakeMapOfSingles {
  template <class Sources>
  static void check(Sources& items) {
    FirstError first;
    for (std::size_t i = 0; i < items.size(); ++i) first.look_at_single(static_cast<TaskCell<R>&>(items[i]));
    first.rethrow();
  }
  template <class Sources>
  std::vector<Stored<R>> operator()(Sources& items, std::size_t) const {
    check(items);
    std::vector<Stored<R>> values;
    values.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) values.push_back(std::move(static_cast<TaskCell<R>&>(items[i]).value()));
    return values;
  }
};

template <class F, class Item>
AsyncResult<MapResult<ItemResult<F, Item>>> map_singles(CallCrew& crew, const std::vector<Item>& items) {
  using R = ItemResult<F, Item>;
  NewJoin<JoinCell<MapResult<R>, MakeMapOfSingles<R>>> join(Join::Until::all);
  Unsent unsent;
  join.expect(items.size());
  unsent.expect(items.size());
  const auto& node = Registration<ItemKey<F, Item>>::node();
  try {
    for (const Item& item : items) {
      auto* task = new_task<R>(node, 1, item);
      unsent.add(*task);
      join.add(ResultAccess::adopt<R>(task));
    }
  } catch (const SerializationError&) {
    return failed_result<MapResult<R>>(std::current_exception());
  }
  auto result = join.begin();
  unsent.submit_to(crew);
  return result;
}

template <class F, class Range>
auto map_async(CallCrew& crew, Range&& items, std::optional<std::ptrdiff_t> chunksize) {
  using Item = ItemOf<Range>;
  assert_maps<F, Item>();
  const std::size_t given = chunksize ? checked_chunksize(*chunksize) : 0;
  std::vector<Item> all;
  if constexpr (requires { std::size(items); }) all.reserve(std::size(items));
  for (auto&& item : items) all.push_back(std::forward<decltype(item)>(item));
  const std::size_t chunk = chunksize ? given : default_chunksize(all.size(), crew.size());
  return chunk == 1 ? map_singles<F, Item>(crew, all) : map_items<F, Item>(crew, std::move(all), chunk);
}

}  // namespace troupe::detail
