// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>

#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

template <class Range>
using ElementOf = std::remove_cvref_t<decltype(*std::begin(std::declval<Range&>()))>;

template <class Result>
struct ValueOfResult;
template <class T>
struct ValueOfResult<AsyncResult<T>> {
  using Type = T;
};

// A range whose elements are AsyncResult<T>, and that T.
template <class Range>
using ValueIn = typename ValueOfResult<ElementOf<Range>>::Type;

template <class Range>
concept ResultRange = requires {
  typename ValueIn<Range>;
};

template <class T>
std::vector<AsyncResult<T>> results_in(std::vector<AsyncResult<T>>&& results) {
  return std::move(results);
}
template <ResultRange Range>
std::vector<AsyncResult<ValueIn<Range>>> results_in(Range&& range) {
  std::vector<AsyncResult<ValueIn<Range>>> results;
  if constexpr (requires { std::size(range); }) results.reserve(std::size(range));
  for (auto&& result : range) results.push_back(result);
  return results;
}

}  // namespace troupe::detail
