// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/local_crew.hpp>
#include <troupe/detail/local_task.hpp>
#include <troupe/detail/pool_items.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// How a pool of threads does what it is given.
namespace troupe::detail {

// A function that several tasks call, in several threads at a time: one for all of them.
template <class F>
class SharedFunction {
 public:
  template <class G, class = std::enable_if_t<!std::is_same_v<std::remove_cvref_t<G>, SharedFunction>>>
  explicit SharedFunction(G&& function) : function_(std::make_shared<const F>(std::forward<G>(function))) {}

  template <class... Args>
  decltype(auto) operator()(Args&&... args) const {
    return std::invoke(*function_, std::forward<Args>(args)...);
  }

 private:
  std::shared_ptr<const F> function_;
};

// One that costs nothing to copy.
template <class F>
requires(std::is_trivially_copyable_v<F> && sizeof(F) <= sizeof(void*)) class SharedFunction<F> {
 public:
  template <class G, class = std::enable_if_t<!std::is_same_v<std::remove_cvref_t<G>, SharedFunction>>>
  explicit SharedFunction(G&& function) : function_(std::forward<G>(function)) {}

  template <class... Args>
  decltype(auto) operator()(Args&&... args) const {
    return std::invoke(function_, std::forward<Args>(args)...);
  }

 private:
  [[no_unique_address]] F function_;
};

// What items failed with: the place, when (steady clock), what.
using LocalErrors = std::vector<std::tuple<std::uint32_t, std::int64_t, std::exception_ptr>>;
// The results of a chunk's items, none where one failed; of void, nothing.
template <class R>
using LocalValues = std::vector<std::optional<Stored<R>>>;

template <class F, class Item>
class LocalChunk {
 public:
  using R = ItemResult<const F, Item>;

  LocalChunk(SharedFunction<F> function, std::vector<Item> items) : function_(std::move(function)), items_(std::move(items)) {}

  std::tuple<LocalValues<R>, LocalErrors> operator()() {
    std::tuple<LocalValues<R>, LocalErrors> reply;
    if constexpr (!std::is_void_v<R>) std::get<0>(reply).reserve(items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      try {
        run(i, std::get<0>(reply));
      } catch (...) {
        note_error(i, caught_in_task(), reply);
      }
    }
    return reply;
  }

 private:
  void run(std::size_t index, LocalValues<R>& values) {
    if constexpr (std::is_void_v<R>) {
      function_(take_item(items_, index));
    } else {
      values.emplace_back(function_(take_item(items_, index)));
    }
  }
  static void note_error(std::size_t index, std::exception_ptr error, std::tuple<LocalValues<R>, LocalErrors>& reply) {
    auto& [values, errors] = reply;
    errors.emplace_back(static_cast<std::uint32_t>(index), std::chrono::steady_clock::now().time_since_epoch().count(),
                        std::move(error));
    if constexpr (!std::is_void_v<R>) values.emplace_back();
  }

  SharedFunction<F> function_;
  std::vector<Item> items_;
};

// The work of a pool of threads: tasks are closures, functions are values, and nothing is copied but as std::async does.
struct LocalWork {
  using Crew = LocalCrew;
  using Task = LocalTask;
  template <class R>
  using Cell = LocalResultCell<R>;
  template <class R>
  using Chunk = std::tuple<LocalValues<R>, LocalErrors>;
  template <class F, class Item>
  using Result = ItemResult<const F, Item>;
  template <class F>
  using Function = SharedFunction<F>;

  template <class F>
  static constexpr void assert_takes() {}
  template <class F, class Item>
  static constexpr auto assert_maps() {
    static_assert(
        std::is_invocable_v<const F&, Item&&>,
        "troupe: map calls its function as f(item); starmap as f(elements of the item...); of a pool of threads as a const "
        "one, since several call it at a time: not a lambda that is mutable");
  }

  // A function, and what it is called with: copies, which are moved into it.
  template <class F, class... Args>
  struct Call {
    std::tuple<std::decay_t<F>, std::decay_t<Args>...> parts;

    decltype(auto) operator()() {
      return std::apply([](auto&... each) -> decltype(auto) { return std::invoke(std::move(each)...); }, parts);
    }
  };

  template <class F, class... Args>
  static auto apply(Crew& crew, F&& function, Args&&... args) {
    return taken(apply_async(crew, std::forward<F>(function), std::forward<Args>(args)...));
  }
  // Errors of copying are in the result.
  template <class F, class... Args>
  static auto apply_async(Crew& crew, F&& function, Args&&... args) {
    static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
                  "troupe: a pool of threads calls its function as std::async does, f(args...) with all of them decayed and as "
                  "rvalues; for a reference pass std::ref");
    using R = std::remove_cvref_t<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>;
    LocalResultCell<R>* task = nullptr;
    try {
      task = new_local_task<R>(crew, 1, Call<F, Args...>{{std::forward<F>(function), std::forward<Args>(args)...}});
    } catch (...) {
      return failed_result<R>(caught_in_task());
    }
    AsyncResult<R> result = ResultAccess::adopt(task);
    crew.submit({task}, 0);
    return result;
  }

  template <class F, class Item>
  static auto* new_single(Crew& crew, const SharedFunction<F>& function, Item item) {
    return new_local_task<Result<F, Item>>(
        crew, 1, [function, item = std::move(item)]() mutable -> decltype(auto) { return function(std::move(item)); });
  }
  template <class F, class Item>
  static auto* new_chunk(Crew& crew, const SharedFunction<F>& function, std::vector<Item> items) {
    const std::size_t count = items.size();
    return new_local_task<Chunk<Result<F, Item>>>(crew, count, LocalChunk<F, Item>(function, std::move(items)));
  }

  template <class R>
  static R value_of(LocalValues<R>& values, std::size_t index) {
    return *std::move(values[index]);
  }
  template <class R>
  static std::exception_ptr error_of(const LocalErrors::value_type& error, Cell<Chunk<R>>&) {
    return std::get<2>(error);
  }
  template <class R>
  static void append(std::vector<R>& all, LocalValues<R>& part) {
    for (auto& each : part) all.push_back(*std::move(each));
  }
};

}  // namespace troupe::detail
