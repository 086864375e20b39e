// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>

#include <cstddef>
#include <exception>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// What pools of all kinds need for the items of a function.
namespace troupe::detail {

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

// The items themselves where they are to be had, else copies.
template <class Range>
std::vector<ItemOf<Range>> items_of(Range&& range) {
  using Items = std::vector<ItemOf<Range>>;
  if constexpr (std::is_same_v<Range, Items>) {
    return std::forward<Range>(range);
  } else {
    Items items;
    if constexpr (requires { std::size(range); }) items.reserve(std::size(range));
    for (auto&& item : range) items.push_back(std::forward<decltype(item)>(item));
    return items;
  }
}

template <class F, class Item>
using ItemResult = std::remove_cvref_t<std::invoke_result_t<F&, Item&&>>;

template <class Item>
Item take_item(std::vector<Item>& items, std::size_t index) {
  return std::move(items[index]);
}

// Of the only handle. Blocks, errors: as get().
template <class R>
R taken(AsyncResult<R> result) {
  TypedCell<R>& cell = ResultAccess::cell(result);
  cell.await_value(Timeout());
  if constexpr (!std::is_void_v<R>) return std::move(cell.value());
}

template <class R>
AsyncResult<R> failed_result(std::exception_ptr error) {
  Promise<R> promise;
  promise.set_exception(std::move(error));
  return promise.result();
}

// Calls F with the elements of a tuple.
template <class F>
struct Starred {
  [[no_unique_address]] F function{};

  template <class Tuple>
  decltype(auto) operator()(Tuple&& tuple) const {
    return std::apply(function, std::forward<Tuple>(tuple));
  }
};

}  // namespace troupe::detail
