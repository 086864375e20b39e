// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace troupe {

template <class Signature>
class Function;

// Owns anything that can be called, or nothing. What std::function is, without copying and type_info: it takes what cannot
// be copied, and each lambda that it is made of costs a program some 200 bytes less. Calling an empty one is undefined.
// Thread-safety: none.
template <class Result, class... Arguments>
class Function<Result(Arguments...)> {
 public:
  Function() noexcept = default;
  template <class Callee>
  requires(!std::is_same_v<Callee, Function> && std::is_invocable_r_v<Result, Callee&, Arguments...>)
      Function(Callee callee) {  // NOLINT(google-explicit-constructor): a lambda is given where a Function is asked for
    if constexpr (fits_in_place<Callee>) {
      ::new (place_.data()) Callee(callee);
      call_ = &call_in_place<Callee>;
    } else {
      ::new (place_.data()) Callee*(new Callee(std::move(callee)));
      call_ = &call_elsewhere<Callee>;
      destroy_ = &destroy<Callee>;
    }
  }
  Function(Function&& other) noexcept
      : place_(other.place_), call_(std::exchange(other.call_, nullptr)), destroy_(std::exchange(other.destroy_, nullptr)) {}
  Function& operator=(Function&& other) noexcept {
    const Function gone(std::move(*this));
    place_ = other.place_;
    call_ = std::exchange(other.call_, nullptr);
    destroy_ = std::exchange(other.destroy_, nullptr);
    return *this;
  }
  ~Function() {
    if (destroy_ != nullptr) destroy_(place_);
  }

  // const as a pointer's is: what is called may change.
  Result operator()(Arguments... arguments) const { return call_(place_, std::forward<Arguments>(arguments)...); }
  explicit operator bool() const noexcept { return call_ != nullptr; }

 private:
  // The callee if it is small and trivial, else a pointer to it: so moving copies bytes.
  struct alignas(void*) Place : std::array<std::byte, 2 * sizeof(void*)> {};

  static constexpr bool has_room_for(std::size_t bytes, std::size_t alignment) {
    return bytes <= sizeof(Place) && alignment <= alignof(Place);
  }
  template <class Callee>
  static constexpr bool fits_in_place = has_room_for(sizeof(Callee), alignof(Callee)) &&
                                        std::is_trivially_copyable_v<Callee>&& std::is_trivially_destructible_v<Callee>;

  template <class Callee>
  static Callee& in(Place& place) {
    return *std::launder(reinterpret_cast<Callee*>(place.data()));
  }
  template <class Callee>
  static Result call_in_place(Place& place, Arguments&&... arguments) {
    return in<Callee>(place)(std::forward<Arguments>(arguments)...);
  }
  template <class Callee>
  static Result call_elsewhere(Place& place, Arguments&&... arguments) {
    return (*in<Callee*>(place))(std::forward<Arguments>(arguments)...);
  }
  template <class Callee>
  static void destroy(Place& place) {
    delete in<Callee*>(place);
  }

  mutable Place place_{};
  Result (*call_)(Place& place, Arguments&&... arguments) = nullptr;
  void (*destroy_)(Place& place) = nullptr;
};

}  // namespace troupe
