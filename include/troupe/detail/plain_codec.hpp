// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/plain_reader.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// Encoding of the types that troupe knows by itself: numbers, enums, text, and vectors, arrays, pairs, tuples and optionals
// of them. Inlines to plain stores and bounds-checked loads. The bytes are native little-endian and those that cereal's
// binary archive makes, but for a value without contents (std::tuple<>, std::array<T, 0>), which takes one zero byte: so
// every value takes at least one, and a container's count can be checked against the bytes that are left.
namespace troupe::detail {

template <class T>
concept Enum = std::is_enum_v<T>;
template <class T>
concept NumberOrEnum = (std::is_arithmetic_v<T> || std::is_enum_v<T>)&&std::is_same_v<T, std::remove_cv_t<T>>;

template <class T>
inline constexpr bool is_bool = std::is_same_v<T, bool>;
template <Enum T>
inline constexpr bool is_bool<T> = std::is_same_v<std::underlying_type_t<T>, bool>;

// How a T becomes bytes; this one: not here, but through cereal.
template <class T>
struct PlainCodec {
  static constexpr bool kIsPlain = false;
  static constexpr bool kIsOneBlock = false;  // an array of them may be copied as bytes
  static constexpr bool kOwns = true;         // false for views, which are encoded as what they show, and never decoded
};

// Whether encoding and decoding T runs no code of the user's and throws nothing but SerializationError and std::bad_alloc.
template <class T>
inline constexpr bool is_plain = PlainCodec<T>::kIsPlain;
template <class T>
concept Plain = is_plain<T>;

// size(): the bytes that put() writes and get() takes. put() advances `at`.
template <NumberOrEnum T>
struct PlainCodec<T> {
  static constexpr bool kIsPlain = true;
  static constexpr bool kIsOneBlock = !is_bool<T>;
  static constexpr bool kOwns = true;
  static constexpr std::size_t kLeastBytes = sizeof(T);

  static constexpr std::size_t size(const T&) { return sizeof(T); }
  static void put(std::byte*& at, const T& value) {
    std::memcpy(at, &value, sizeof(T));
    at += sizeof(T);
  }
  static void get(PlainReader& reader, T& value) {
    const std::byte* bytes = reader.take(sizeof(T));
    if constexpr (is_bool<T>) {
      copy_bools(reinterpret_cast<std::byte*>(&value), bytes, 1, reader.direction());
    } else {
      std::memcpy(&value, bytes, sizeof(T));
    }
  }
};

// A count and that many T, as one block.
template <class T>
struct BlockCodec {
  static constexpr std::size_t kLeastBytes = sizeof(std::uint64_t);

  static std::size_t size(std::size_t count) { return sizeof(std::uint64_t) + count * sizeof(T); }
  static void put(std::byte*& at, const T* values, std::size_t count) {
    PlainCodec<std::uint64_t>::put(at, count);
    if (count != 0) std::memcpy(at, values, count * sizeof(T));
    at += count * sizeof(T);
  }
  // Straight into place where the bytes lie aligned: a large block is touched once.
  template <class Container>
  static void get(PlainReader& reader, Container& values) {
    const std::size_t count = reader.take_count(sizeof(T));
    copy(reader.take(count * sizeof(T)), count, values);
  }
  template <class Container>
  static void copy(const std::byte* bytes, std::size_t count, Container& values) {
    if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(T) == 0) {
      const T* first = reinterpret_cast<const T*>(bytes);
      values.assign(first, first + count);
    } else {
      values.resize(count);
      if (count != 0) std::memcpy(values.data(), bytes, count * sizeof(T));
    }
  }
};

template <class C>
struct PlainCodec<std::basic_string_view<C>> {
  static constexpr bool kIsPlain = PlainCodec<C>::kIsPlain;
  static constexpr bool kIsOneBlock = false;
  static constexpr bool kOwns = false;
  static constexpr std::size_t kLeastBytes = BlockCodec<C>::kLeastBytes;

  static std::size_t size(std::basic_string_view<C> text) { return BlockCodec<C>::size(text.size()); }
  static void put(std::byte*& at, std::basic_string_view<C> text) { BlockCodec<C>::put(at, text.data(), text.size()); }
};

template <class C>
struct PlainCodec<std::basic_string<C>> : PlainCodec<std::basic_string_view<C>> {
  static constexpr bool kOwns = true;
  static void get(PlainReader& reader, std::basic_string<C>& text) { BlockCodec<C>::get(reader, text); }
};

// A count and that many values.
template <class T, class Values>
struct SequenceCodec {
  using Element = PlainCodec<T>;
  static constexpr bool kIsPlain = Element::kIsPlain;
  static constexpr bool kIsOneBlock = false;
  static constexpr std::size_t kLeastBytes = sizeof(std::uint64_t);

  static std::size_t size(const Values& values) {
    if constexpr (Element::kIsOneBlock) {
      return BlockCodec<T>::size(values.size());
    } else {
      std::size_t bytes = sizeof(std::uint64_t);
      for (const auto& value : values) bytes += Element::size(value);
      return bytes;
    }
  }
  static void put(std::byte*& at, const Values& values) {
    if constexpr (Element::kIsOneBlock) {
      BlockCodec<T>::put(at, values.data(), values.size());
    } else {
      PlainCodec<std::uint64_t>::put(at, values.size());
      for (const auto& value : values) Element::put(at, value);
    }
  }
};

template <class T, std::size_t kExtent>
struct PlainCodec<std::span<const T, kExtent>> : SequenceCodec<T, std::span<const T, kExtent>> {
  static constexpr bool kOwns = false;
};

template <class T>
struct PlainCodec<std::vector<T>> : SequenceCodec<T, std::vector<T>> {
  using Element = PlainCodec<T>;
  static constexpr bool kOwns = Element::kOwns;

  static void get(PlainReader& reader, std::vector<T>& values) {
    if constexpr (std::is_same_v<T, bool>) {
      values.resize(reader.take_count(1));
      for (std::size_t each = 0; each < values.size(); ++each) {
        bool value = false;
        Element::get(reader, value);
        values[each] = value;
      }
    } else if constexpr (Element::kIsOneBlock) {
      BlockCodec<T>::get(reader, values);
    } else {
      values.resize(reader.take_count(Element::kLeastBytes));
      for (T& value : values) Element::get(reader, value);
    }
  }
};

// std::tuple<> and std::array<T, 0>.
template <class T>
struct NothingCodec {
  static constexpr bool kIsPlain = true;
  static constexpr bool kIsOneBlock = false;
  static constexpr bool kOwns = true;
  static constexpr std::size_t kLeastBytes = 1;

  static constexpr std::size_t size(const T&) { return 1; }
  static void put(std::byte*& at, const T&) { *at++ = std::byte{0}; }
  static void get(PlainReader& reader, T&) { reader.take_nothing(); }
};

template <class T>
struct PlainCodec<std::array<T, 0>> : NothingCodec<std::array<T, 0>> {};

template <class T, std::size_t kCount>
struct PlainCodec<std::array<T, kCount>> {
  using Element = PlainCodec<T>;
  using Values = std::array<T, kCount>;
  static constexpr bool kIsPlain = Element::kIsPlain;
  static constexpr bool kIsOneBlock = Element::kIsOneBlock;
  static constexpr bool kOwns = Element::kOwns;
  static constexpr std::size_t kLeastBytes = [] {
    if constexpr (kIsPlain) return kCount * Element::kLeastBytes;
    return std::size_t{1};
  }();

  static constexpr std::size_t size(const Values& values) {
    if constexpr (kIsOneBlock) return sizeof values;
    std::size_t bytes = 0;
    for (const T& value : values) bytes += Element::size(value);
    return bytes;
  }
  static void put(std::byte*& at, const Values& values) {
    if constexpr (kIsOneBlock) {
      std::memcpy(at, &values, sizeof values);
      at += sizeof values;
    } else {
      for (const T& value : values) Element::put(at, value);
    }
  }
  static void get(PlainReader& reader, Values& values) {
    if constexpr (kIsOneBlock) {
      std::memcpy(&values, reader.take(sizeof values), sizeof values);
    } else {
      for (T& value : values) Element::get(reader, value);
    }
  }
};

template <>
struct PlainCodec<std::tuple<>> : NothingCodec<std::tuple<>> {};

template <Plain... T>
struct PlainCodec<std::tuple<T...>> {
  static constexpr bool kIsPlain = true;
  static constexpr bool kIsOneBlock = false;
  static constexpr bool kOwns = (PlainCodec<T>::kOwns && ...);
  static constexpr std::size_t kLeastBytes = (PlainCodec<T>::kLeastBytes + ...);

  static constexpr std::size_t size(const std::tuple<T...>& values) {
    return std::apply([](const T&... value) { return (PlainCodec<T>::size(value) + ...); }, values);
  }
  static void put(std::byte*& at, const std::tuple<T...>& values) {
    std::apply([&](const T&... value) { (PlainCodec<T>::put(at, value), ...); }, values);
  }
  static void get(PlainReader& reader, std::tuple<T...>& values) {
    std::apply([&](T&... value) { (PlainCodec<T>::get(reader, value), ...); }, values);
  }
};

template <Plain A, Plain B>
struct PlainCodec<std::pair<A, B>> {
  static constexpr bool kIsPlain = true;
  static constexpr bool kIsOneBlock = false;
  static constexpr bool kOwns = PlainCodec<A>::kOwns && PlainCodec<B>::kOwns;
  static constexpr std::size_t kLeastBytes = PlainCodec<A>::kLeastBytes + PlainCodec<B>::kLeastBytes;

  static constexpr std::size_t size(const std::pair<A, B>& pair) {
    return PlainCodec<A>::size(pair.first) + PlainCodec<B>::size(pair.second);
  }
  static void put(std::byte*& at, const std::pair<A, B>& pair) {
    PlainCodec<A>::put(at, pair.first);
    PlainCodec<B>::put(at, pair.second);
  }
  static void get(PlainReader& reader, std::pair<A, B>& pair) {
    PlainCodec<A>::get(reader, pair.first);
    PlainCodec<B>::get(reader, pair.second);
  }
};

template <Plain T>
struct PlainCodec<std::optional<T>> {
  static constexpr bool kIsPlain = true;
  static constexpr bool kIsOneBlock = false;
  static constexpr bool kOwns = PlainCodec<T>::kOwns;
  static constexpr std::size_t kLeastBytes = 1;

  static constexpr std::size_t size(const std::optional<T>& value) { return 1 + (value ? PlainCodec<T>::size(*value) : 0); }
  static void put(std::byte*& at, const std::optional<T>& value) {
    PlainCodec<bool>::put(at, !value);  // as cereal: whether it is null comes first
    if (value) PlainCodec<T>::put(at, *value);
  }
  static void get(PlainReader& reader, std::optional<T>& value) {
    bool is_null = false;
    PlainCodec<bool>::get(reader, is_null);
    if (is_null) {
      value.reset();
    } else {
      PlainCodec<T>::get(reader, value.emplace());
    }
  }
};

// The bytes that encode_plain(values...) writes; a constant where the types say it all.
template <class... T>
constexpr std::size_t encoded_size(const T&... values) {
  return (std::size_t{0} + ... + PlainCodec<T>::size(values));
}

// Writes exactly encoded_size(values...) bytes.
template <class... T>
void encode_plain([[maybe_unused]] std::byte* out, const T&... values) {
  (PlainCodec<T>::put(out, values), ...);
}

}  // namespace troupe::detail
