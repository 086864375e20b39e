// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/archive.hpp>
#include <troupe/detail/view_argument.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// From what a caller passes to what is encoded, and to what holds it in the actor's process.
namespace troupe {

template <class T>
class AsyncResult;
template <class T>
class Generator;

namespace detail {

template <class T>
inline constexpr bool is_view = false;
template <class C>
inline constexpr bool is_view<std::basic_string_view<C>> = true;
template <class T, std::size_t kExtent>
inline constexpr bool is_view<std::span<T, kExtent>> = true;

// What owns the value of a parameter.
template <class P>
struct OwnerOf {
  using type = P;
};
template <class C>
struct OwnerOf<std::basic_string_view<C>> {
  using type = std::basic_string<C>;
};
template <class T>
struct OwnerOf<std::span<const T>> {
  using type = std::vector<T>;
};
template <>
struct OwnerOf<std::span<const bool>> {  // std::vector<bool> is no row of bools
  using type = std::span<const bool>;
};
template <class P>
using Owner = typename OwnerOf<std::remove_cvref_t<P>>::type;

// What holds an argument while it is decoded and while the method runs: what owns it, or may look at where it lies.
template <class P>
struct ArgumentOf {
  using type = Owner<P>;
};
template <class C>
struct ArgumentOf<std::basic_string_view<C>> {
  using type = ViewArgument<std::basic_string_view<C>, std::basic_string<C>>;
};
template <class T>
requires(PlainCodec<T>::kIsOneBlock) struct ArgumentOf<std::span<const T>> {
  using type = ViewArgument<std::span<const T>, std::vector<T>>;
};
template <class P>
using Argument = typename ArgumentOf<std::remove_cvref_t<P>>::type;

// How a value travels when no parameter says so: decayed, and what a view shows as what owns it.
template <class T>
struct TravellingOf {
  using type = T;
};
template <>
struct TravellingOf<const char*> {
  using type = std::string;
};
template <>
struct TravellingOf<char*> {
  using type = std::string;
};
template <class C>
struct TravellingOf<std::basic_string_view<C>> {
  using type = std::basic_string<C>;
};
template <class T, std::size_t kExtent>
struct TravellingOf<std::span<T, kExtent>> {
  using type = std::vector<std::remove_cv_t<T>>;
};
template <class T>
using Travelling = typename TravellingOf<std::decay_t<T>>::type;

// Whether a `Source` (a reference, or an rvalue's type) may be passed for a parameter whose decayed type is `Value`.
template <class Value, class Source>
inline constexpr bool converts_to = std::is_convertible_v<Source, Value> || std::is_same_v<Travelling<Source>, Owner<Value>>;

template <class Value, class Source>
inline constexpr bool is_text_for = false;
template <class C, class Source>
inline constexpr bool is_text_for<std::basic_string<C>, Source> = std::is_convertible_v<Source, std::basic_string_view<C>>;

template <class Value, class Source>
Value converted(Source&& source) {
  if constexpr (std::is_arithmetic_v<Value>) {
    return static_cast<Value>(source);  // without the compiler's warnings
  } else {
    return std::forward<Source>(source);
  }
}

// The caller's argument as what is encoded for a parameter whose decayed type is `Value`: itself when it is of that type, and a
// view where that will do, so that nothing large is copied. What has to be converted first may be moved from as in a local call.
template <class Value, class Source>
decltype(auto) as_wire(Source&& source) {
  using Given = std::remove_cvref_t<Source>;
  if constexpr (std::is_same_v<Given, Value> || std::is_same_v<Given, Owner<Value>>) {
    return std::as_const(source);
  } else if constexpr (is_text_for<Value, Source>) {
    return std::basic_string_view<typename Value::value_type>(source);
  } else if constexpr (is_view<Given> && std::is_same_v<Travelling<Given>, Owner<Value>>) {
    return std::span<const typename Given::value_type>(source);
  } else {
    return converted<Value>(std::forward<Source>(source));
  }
}

// Refuses at compile time, with a reason, what the other process could not load.
template <class T>
constexpr void assert_argument_crosses() {
  static_assert(
      std::is_default_constructible_v<T>,
      "troupe: an argument's type must be default-constructible, because it is loaded into an object of that type; give "
      "its class a default constructor, or pass the values that it is made from");
  assert_crosses<T>();
}

template <class P>
constexpr void assert_parameter_crosses() {
  static_assert(
      !std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>,
      "troupe: a parameter that is a reference to non-const cannot cross: the actor lives in another process and gets a copy; "
      "take it by value or const reference, and return what changed");
  static_assert(!is_view<Owner<P>>,
                "troupe: this kind of view cannot be a parameter: the actor lives in another process and gets a copy of what it "
                "shows; take "
                "a std::string_view, a std::span<const T> (without an extent, T not bool), or a std::vector");
  if constexpr (!is_view<Owner<P>>) assert_argument_crosses<Owner<P>>();
}

template <class T>
inline constexpr bool is_async_result = false;
template <class T>
inline constexpr bool is_async_result<AsyncResult<T>> = true;

template <class T>
inline constexpr bool is_generator = false;
template <class T>
inline constexpr bool is_generator<Generator<T>> = true;

template <class R>
constexpr void assert_result_crosses() {
  static_assert(
      !is_generator<R>,
      "troupe: a generator cannot be a result: it stays in the actor's process and gives its values one by one; read it "
      "with stream<&A::method>(…)");
  static_assert(!is_view<R>,
                "troupe: a view (std::string_view, std::span) cannot be a result: what it shows is in the memory of the actor's "
                "process; return a std::string or a std::vector");
  static_assert(
      !is_async_result<R>,
      "troupe: an AsyncResult of an AsyncResult cannot cross to another process; return the inner one, which the caller "
      "gets as its own, or the value itself");
  if constexpr (!std::is_void_v<R> && !is_view<R> && !is_async_result<R> && !is_generator<R>) assert_crosses<R>();
}

}  // namespace detail
}  // namespace troupe
