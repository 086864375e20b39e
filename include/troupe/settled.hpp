// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe {

// What has become of a result: a value, or an error.
// Thread-safety: a value.
template <class T>
class Settled {
 public:
  Settled() = default;  // a value: that of T() or, of void, none
  explicit Settled(std::exception_ptr error) noexcept : value_(), error_(std::move(error)) {}
  template <class... Args>
  explicit Settled(std::in_place_t, Args&&... args) : value_(std::in_place, std::forward<Args>(args)...) {}

  bool has_value() const noexcept { return error_ == nullptr; }
  explicit operator bool() const noexcept { return has_value(); }

  // Errors: the error, where that is what there is.
  std::add_lvalue_reference_t<const T> value() const& {
    check();
    if constexpr (!std::is_void_v<T>) return *value_;
  }
  T value() && {
    check();
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }
  // Null where there is a value.
  const std::exception_ptr& error() const noexcept { return error_; }

 private:
  void check() const {
    if (error_ != nullptr) std::rethrow_exception(error_);
  }

  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value_;
  std::exception_ptr error_;
};

}  // namespace troupe
