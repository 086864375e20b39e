// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/registry.hpp>

#include <type_traits>
#include <utility>

namespace troupe::detail {

// What a method returns. Most return their result; some, what will be it: AsyncResult here, and what other headers specialise
// this for.
template <class R>
struct Returned {
  static constexpr bool is_deferred = false;
  static constexpr bool goes_on_by_parts = false;
  using Value = R;  // what the caller gets
};

template <class T>
struct Returned<AsyncResult<T>> {
  static constexpr bool is_deferred = true;
  static constexpr bool goes_on_by_parts = false;  // by code of the method's; then start_by_parts() is for reentrant actors
  using Value = T;
  static AsyncResult<T> start(AsyncResult<T> result) { return result; }
};

// Of a method's return type as it is written.
template <class R>
using ResultOf = typename Returned<std::remove_cvref_t<R>>::Value;

// For classes that take further messages while a result is still to come: `static constexpr bool reentrant = true;`.
template <class A>
constexpr bool is_reentrant() {
  if constexpr (requires { A::reentrant; }) {
    return A::reentrant;
  } else {
    return false;
  }
}

}  // namespace troupe::detail
