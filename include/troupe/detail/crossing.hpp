// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <cereal/cereal.hpp>
#include <memory>
#include <type_traits>

// What may cross to another process, and what the compiler says about the rest. Asked for each value that an archive meets,
// however deep it lies.
namespace troupe::detail {

[[noreturn]] void throw_too_nested(unsigned limit, Direction direction);

template <class T>
inline constexpr bool is_shared_owner = false;
template <class T>
inline constexpr bool is_shared_owner<std::shared_ptr<T>> = true;
template <class T>
inline constexpr bool is_shared_owner<std::weak_ptr<T>> = true;

template <class T>
inline constexpr bool is_owner_of_polymorphic = false;
template <class T, class Deleter>
inline constexpr bool is_owner_of_polymorphic<std::unique_ptr<T, Deleter>> = std::is_polymorphic_v<T>;

// What cereal wraps values in, and the archives write without going through cereal's search for a function.
template <class T>
inline constexpr bool is_cereal_wrapper = false;
template <class T>
inline constexpr bool is_cereal_wrapper<cereal::NameValuePair<T>> = true;
template <class T>
inline constexpr bool is_cereal_wrapper<cereal::SizeTag<T>> = true;
template <class T>
inline constexpr bool is_cereal_wrapper<cereal::BinaryData<T>> = true;

// What a function of the archives' own is found for; cereal has one for everything else.
template <class T>
concept ArchivedDirectly = std::is_arithmetic_v<T> || is_cereal_wrapper<T>;

// Those that cereal's own archive classes know.
template <class T>
inline constexpr bool is_cereal_marker =
    std::is_base_of_v<cereal::detail::DeferredDataCore, T> || std::is_base_of_v<cereal::traits::detail::BaseCastBase, T>;

// A value of its own, which may hold others: it counts as nesting, and takes at least one byte.
template <class T>
inline constexpr bool is_class_value = (std::is_class_v<T> || std::is_union_v<T>)&&!is_cereal_wrapper<T> && !is_cereal_marker<T>;

template <class T>
constexpr void assert_means_something_elsewhere() {
  static_assert(
      !std::is_pointer_v<T> && !std::is_null_pointer_v<T>,
      "troupe: a raw pointer cannot cross to another process, which has memory of its own: send the value, a std::optional or a "
      "std::vector");
  static_assert(!std::is_member_pointer_v<T>,
                "troupe: a pointer to member cannot cross to another process: name it in the call instead");
  static_assert(
      !is_shared_owner<T>,
      "troupe: a std::shared_ptr or std::weak_ptr cannot cross: the other process would get a copy and share nothing; send the "
      "value, a std::unique_ptr, or a proxy of an actor that owns it");
  static_assert(!is_owner_of_polymorphic<T>,
                "troupe: a pointer to a polymorphic class cannot cross: the other process could be made to build any class of "
                "its hierarchy; "
                "send a std::variant of the concrete classes");
  static_assert(
      !std::is_polymorphic_v<T> || std::is_final_v<T>,
      "troupe: a polymorphic object cannot cross: it would arrive as its base, without what a derived class adds; send a "
      "std::variant of the concrete classes, or make the class final");
}

template <class T>
inline constexpr bool has_reason_of_its_own = std::is_pointer_v<T> || std::is_null_pointer_v<T> || std::is_member_pointer_v<T> ||
                                              is_shared_owner<T> || is_owner_of_polymorphic<T> ||
                                              (std::is_polymorphic_v<T> && !std::is_final_v<T>);

// IsSerializable: cereal's trait for the direction in which Archive goes.
template <class T, class Archive, template <class, class> class IsSerializable>
constexpr void assert_is_archived() {
  if constexpr (!is_cereal_marker<T>) {
    assert_means_something_elsewhere<T>();
    if constexpr (!has_reason_of_its_own<T> && !std::is_empty_v<T>) {
      static_assert(
          IsSerializable<T, Archive>::value,
          "troupe: this type cannot be serialized: give it a member `template <class Archive> void serialize(Archive& archive) "
          "{ archive(field, ...); }`, or include the <cereal/types/....hpp> header of its container");
    }
  }
}

}  // namespace troupe::detail
