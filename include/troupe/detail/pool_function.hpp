// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/call_task.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/detail/pool_items.hpp>
#include <troupe/fn.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// What a pool's worker processes run, in templates: a function that is a type, for one task or for a chunk of items.
namespace troupe::detail {

// This and the other assertions of verbs have deduced types, so that the compiler looks into them at once: what they say is its
// first error.
template <class F>
constexpr auto assert_is_function_value() {
  static_assert(
      std::is_empty_v<F> && std::is_default_constructible_v<F>,
      "troupe: a pool takes a function as in map<&f>(…), or a lambda without captures: another process cannot see what it "
      "would capture; pass the values as arguments");
}

template <class F>
struct TaskFunction {
  template <class... Args>
  requires std::is_invocable_v<F&, Args&&...>
  decltype(auto) operator()(PoolWorker&, Args&&... args) const { return F()(std::forward<Args>(args)...); }
};

// What items failed with: the place, when (steady clock, which is one for all processes), what.
using ItemErrors = std::vector<std::tuple<std::uint32_t, std::int64_t, std::vector<std::byte>>>;

// Inside a catch block, in the worker.
void add_item_error(ItemErrors& errors, std::size_t index);
// In the process of the pool. `call`: of the chunk.
std::exception_ptr exception_of(const ItemErrors::value_type& error, ResultCell& call);

// The results of a chunk's items, with a default one for each that failed; of void, nothing.
template <class R>
using ChunkValues = std::vector<std::conditional_t<std::is_void_v<R>, std::uint8_t, R>>;
template <class R>
using ChunkReply = std::tuple<ChunkValues<R>, ItemErrors>;
template <class Values>
inline constexpr bool keeps_call<std::tuple<Values, ItemErrors>> = true;

template <class F>
struct ChunkFunction {
  template <class Item>
  auto operator()(PoolWorker&, std::vector<Item>&& items) const {
    using R = ItemResult<F, Item>;
    ChunkReply<R> reply;
    auto& [values, errors] = reply;
    if constexpr (!std::is_void_v<R>) values.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      try {
        if constexpr (std::is_void_v<R>) {
          F()(take_item(items, i));
        } else {
          values[i] = F()(take_item(items, i));
        }
      } catch (...) {
        add_item_error(errors, i);
      }
    }
    return reply;
  }
};

}  // namespace troupe::detail
