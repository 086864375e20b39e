// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

// A function as an empty object: its type says all, so it means the same in another process.
template <auto kFunction>
struct FunctionObject {
  static_assert(std::is_pointer_v<decltype(kFunction)> && std::is_function_v<std::remove_pointer_t<decltype(kFunction)>>,
                "troupe: fn takes a function, as in fn<&f>; for a method use call<&A::method>(…)");

  template <class... Args>
  requires std::is_invocable_v<decltype(kFunction), Args...>
  constexpr decltype(auto) operator()(Args&&... args) const noexcept(std::is_nothrow_invocable_v<decltype(kFunction), Args...>) {
    return kFunction(std::forward<Args>(args)...);
  }
};

}  // namespace detail

// A function where a captureless lambda may stand: proxy.run(fn<&f>, args...) calls f(actor, args...).
template <auto kFunction>
inline constexpr detail::FunctionObject<kFunction> fn{};

}  // namespace troupe
