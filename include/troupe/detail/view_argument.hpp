// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/plain_codec.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

// Holds the argument of a parameter that is a view, while the method runs. Where its caller is trusted not to change them
// meanwhile and they lie aligned, it looks straight at the bytes that the caller wrote; else at a copy of its own.
template <class View, class Owner>
class ViewArgument {
 public:
  using Element = typename Owner::value_type;

  ViewArgument() = default;
  ViewArgument(const ViewArgument&) = delete;
  ViewArgument& operator=(const ViewArgument&) = delete;

  operator View() const { return view_; }

  void get(PlainReader& reader) {
    if (reader.allows_views()) {
      const std::size_t count = reader.take_count(sizeof(Element));
      const std::byte* bytes = reader.take(count * sizeof(Element));
      if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(Element) == 0) {
        view_ = View(reinterpret_cast<const Element*>(bytes), count);
      } else {
        BlockCodec<Element>::copy(bytes, count, owner_);
        view_ = owner_;
      }
    } else {
      PlainCodec<Owner>::get(reader, owner_);
      view_ = owner_;
    }
  }

 private:
  View view_;
  Owner owner_;
};

template <class View, class Owner>
struct PlainCodec<ViewArgument<View, Owner>> {
  static constexpr bool kIsPlain = true;
  static constexpr bool kIsOneBlock = false;
  static constexpr bool kOwns = true;
  static constexpr std::size_t kLeastBytes = PlainCodec<Owner>::kLeastBytes;

  static void get(PlainReader& reader, ViewArgument<View, Owner>& argument) { argument.get(reader); }
};

template <class T>
inline constexpr bool is_view_argument = false;
template <class View, class Owner>
inline constexpr bool is_view_argument<ViewArgument<View, Owner>> = true;

}  // namespace troupe::detail
