// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/join.hpp>
#include <troupe/detail/pool_items.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/detail/task.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// Many items for one function. Work says how that is done (call_work.hpp, local_work.hpp): what a task is, and how one is made of
// a function and an item, or a chunk of them.
namespace troupe::detail {

// Errors: std::invalid_argument below 1.
std::size_t checked_chunksize(std::ptrdiff_t chunksize);
// So that each worker gets four chunks.
std::size_t default_chunksize(std::size_t item_count, std::size_t worker_count);

// The first error of several tasks', of whichever item or worker.
class FirstError {
 public:
  template <class Work, class R>
  void look_at_chunk(typename Work::template Cell<typename Work::template Chunk<R>>& chunk) {
    if (std::exception_ptr error = chunk.error()) return note(chunk.failed_at_ns(), std::move(error));
    for (const auto& each : std::get<1>(chunk.value())) {
      if (is_first(std::get<1>(each))) note(std::get<1>(each), Work::template error_of<R>(each, chunk));
    }
  }
  template <class Cell>
  void look_at_single(Cell& item) {
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
template <class Work, class R>
struct MakeMap {
  using Chunk = typename Work::template Cell<typename Work::template Chunk<R>>;

  template <class Sources>
  static void check(Sources& chunks) {
    FirstError first;
    for (std::size_t i = 0; i < chunks.size(); ++i) first.look_at_chunk<Work, R>(static_cast<Chunk&>(chunks[i]));
    first.rethrow();
  }
  template <class Sources>
  std::vector<Stored<R>> operator()(Sources& chunks, std::size_t) const {
    check(chunks);
    std::size_t count = 0;
    for (std::size_t i = 0; i < chunks.size(); ++i) count += static_cast<Chunk&>(chunks[i]).item_count();
    std::vector<Stored<R>> values;
    values.reserve(count);
    for (std::size_t i = 0; i < chunks.size(); ++i)
      Work::template append<R>(values, std::get<0>(static_cast<Chunk&>(chunks[i]).value()));
    return values;
  }
};

// The same of tasks that are an item each, where nothing is wrapped.
template <class Work, class R>
struct MakeMapOfSingles {
  using Single = typename Work::template Cell<R>;

  template <class Sources>
  static void check(Sources& items) {
    FirstError first;
    for (std::size_t i = 0; i < items.size(); ++i) first.look_at_single(static_cast<Single&>(items[i]));
    first.rethrow();
  }
  template <class Sources>
  std::vector<Stored<R>> operator()(Sources& items, std::size_t) const {
    check(items);
    std::vector<Stored<R>> values;
    values.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) values.push_back(std::move(static_cast<Single&>(items[i]).value()));
    return values;
  }
};

// It will not be submitted.
void give_up_unsent(Task& task) noexcept;

// Tasks that a crew has not got yet.
template <class Work>
class Unsent {
 public:
  using Task = typename Work::Task;

  Unsent() = default;
  Unsent(const Unsent&) = delete;
  Unsent& operator=(const Unsent&) = delete;
  ~Unsent() {
    for (Task* each : tasks_) give_up_unsent(*each);
  }

  void expect(std::size_t count) { tasks_.reserve(count); }
  void add(Task& task) { tasks_.push_back(&task); }
  void submit_to(typename Work::Crew& crew) { crew.submit(std::exchange(tasks_, {}), 0); }

 private:
  std::vector<Task*> tasks_;
};

// Tasks as new_task(i) gives them, and one result of them all. Errors of encoding are in the result.
template <class Work, class R, class Make, class NewTask>
AsyncResult<MapResult<R>> submit_all(typename Work::Crew& crew, std::size_t count, const NewTask& new_task) {
  NewJoin<JoinCell<MapResult<R>, Make>> join(Join::Until::all);
  Unsent<Work> unsent;
  join.expect(count);
  unsent.expect(count);
  try {
    for (std::size_t i = 0; i < count; ++i) {
      auto* task = new_task(i);
      unsent.add(*task);
      join.add(ResultAccess::adopt(task));
    }
  } catch (const SerializationError&) {
    return failed_result<MapResult<R>>(std::current_exception());
  }
  auto result = join.begin();
  unsent.submit_to(crew);
  return result;
}

template <class Work, class F, class Item>
auto map_chunks(typename Work::Crew& crew, const typename Work::template Function<F>& f, std::vector<Item> items,
                std::size_t chunksize) {
  using R = typename Work::template Result<F, Item>;
  return submit_all<Work, R, MakeMap<Work, R>>(crew, (items.size() + chunksize - 1) / chunksize, [&](std::size_t i) {
    const auto begin = items.begin() + static_cast<std::ptrdiff_t>(i * chunksize);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(chunksize, items.size() - i * chunksize));
    return Work::template new_chunk<F, Item>(crew, f, {std::make_move_iterator(begin), std::make_move_iterator(end)});
  });
}

template <class Work, class F, class Item>
auto map_singles(typename Work::Crew& crew, const typename Work::template Function<F>& f, std::vector<Item> items) {
  using R = typename Work::template Result<F, Item>;
  return submit_all<Work, R, MakeMapOfSingles<Work, R>>(
      crew, items.size(), [&](std::size_t i) { return Work::template new_single<F, Item>(crew, f, take_item(items, i)); });
}

template <class Work, class F, class Range>
auto map_async(typename Work::Crew& crew, const typename Work::template Function<F>& f, Range&& items,
               std::optional<std::ptrdiff_t> chunksize) {
  using Item = ItemOf<Range>;
  Work::template assert_maps<F, Item>();
  const std::size_t given = chunksize ? checked_chunksize(*chunksize) : 0;
  std::vector<Item> all = items_of(std::forward<Range>(items));
  const std::size_t chunk = chunksize ? given : default_chunksize(all.size(), crew.size());
  return chunk == 1 ? map_singles<Work, F, Item>(crew, f, std::move(all))
                    : map_chunks<Work, F, Item>(crew, f, std::move(all), chunk);
}

}  // namespace troupe::detail
