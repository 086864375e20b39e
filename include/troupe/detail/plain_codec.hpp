// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

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
// of them. Inlines to plain stores and bounds-checked loads. The bytes are those that the cereal archives make.
namespace troupe::detail {

[[noreturn]] void throw_truncated();  // SerializationError: fewer bytes than the value needs
[[noreturn]] void throw_bad_bool();   // ... a bool that is neither 0 nor 1
[[noreturn]] void throw_left_over(std::size_t bytes);

// The bytes that are left to decode. Thread-safety: none.
class PlainReader {
 public:
  explicit PlainReader(std::span<const std::byte> bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const std::byte* take(std::size_t bytes) {
    if (bytes > left()) throw_truncated();
    return std::exchange(at_, at_ + bytes);
  }
  // A container's length, checked against what is left before anything is allocated.
  std::size_t take_count(std::size_t element_bytes) {
    std::uint64_t count;
    std::memcpy(&count, take(sizeof count), sizeof count);
    if (count > left() / element_bytes) throw_truncated();
    return static_cast<std::size_t>(count);
  }

 private:
  const std::byte* at_;
  const std::byte* end_;
};

template <class T>
struct PlainCodec {  // arithmetic types and enums
  static constexpr bool kIsPlain = std::is_arithmetic_v<T> || std::is_enum_v<T>;
  static constexpr bool kIsOneBlock = kIsPlain && !std::is_same_v<T, bool>;  // an array of them may be copied as bytes
  static constexpr std::size_t kLeastBytes = sizeof(T);

  static std::size_t size(const T&) { return sizeof(T); }
  static void put(std::byte*& at, const T& value) {
    std::memcpy(at, &value, sizeof(T));
    at += sizeof(T);
  }
  static void get(PlainReader& reader, T& value) {
    const std::byte* bytes = reader.take(sizeof(T));
    if constexpr (std::is_same_v<T, bool>) {
      if (std::to_integer<unsigned>(*bytes) > 1) throw_bad_bool();
    }
    std::memcpy(&value, bytes, sizeof(T));
  }
};

inline void put_count(std::byte*& at, std::size_t count) {
  const std::uint64_t wide = count;
  PlainCodec<std::uint64_t>::put(at, wide);
}

template <>
struct PlainCodec<std::string_view> {
  static constexpr bool kIsPlain = true;
  static constexpr bool kIsOneBlock = false;
  static constexpr std::size_t kLeastBytes = sizeof(std::uint64_t);

  static std::size_t size(std::string_view text) { return sizeof(std::uint64_t) + text.size(); }
  static void put(std::byte*& at, std::string_view text) {
    put_count(at, text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
};

template <>
struct PlainCodec<std::string> : PlainCodec<std::string_view> {
  static void get(PlainReader& reader, std::string& text) {
    const std::size_t count = reader.take_count(1);
    text.assign(reinterpret_cast<const char*>(reader.take(count)), count);
  }
};

template <class T, class Allocator>
struct PlainCodec<std::vector<T, Allocator>> {
  using Element = PlainCodec<T>;
  static constexpr bool kIsPlain = Element::kIsPlain && !std::is_same_v<T, bool>;
  static constexpr bool kIsOneBlock = false;
  static constexpr std::size_t kLeastBytes = sizeof(std::uint64_t);

  static std::size_t size(const std::vector<T, Allocator>& values) {
    std::size_t bytes = sizeof(std::uint64_t);
    if constexpr (Element::kIsOneBlock) {
      bytes += values.size() * sizeof(T);
    } else {
      for (const T& value : values) bytes += Element::size(value);
    }
    return bytes;
  }
  static void put(std::byte*& at, const std::vector<T, Allocator>& values) {
    put_count(at, values.size());
    if constexpr (Element::kIsOneBlock) {
      if (!values.empty()) std::memcpy(at, values.data(), values.size() * sizeof(T));
      at += values.size() * sizeof(T);
    } else {
      for (const T& value : values) Element::put(at, value);
    }
  }
  static void get(PlainReader& reader, std::vector<T, Allocator>& values) {
    const std::size_t count = reader.take_count(Element::kLeastBytes);
    values.resize(count);
    if constexpr (Element::kIsOneBlock) {
      const std::byte* bytes = reader.take(count * sizeof(T));
      if (count != 0) std::memcpy(values.data(), bytes, count * sizeof(T));
    } else {
      for (T& value : values) Element::get(reader, value);
    }
  }
};

template <class T, std::size_t kCount>
struct PlainCodec<std::array<T, kCount>> {
  using Element = PlainCodec<T>;
  static constexpr bool kIsPlain = Element::kIsPlain && kCount != 0;
  static constexpr bool kIsOneBlock = false;
  static constexpr std::size_t kLeastBytes = kCount * Element::kLeastBytes;

  static std::size_t size(const std::array<T, kCount>& values) {
    std::size_t bytes = 0;
    for (const T& value : values) bytes += Element::size(value);
    return bytes;
  }
  static void put(std::byte*& at, const std::array<T, kCount>& values) {
    for (const T& value : values) Element::put(at, value);
  }
  static void get(PlainReader& reader, std::array<T, kCount>& values) {
    for (T& value : values) Element::get(reader, value);
  }
};

template <class... T>
struct PlainCodec<std::tuple<T...>> {
  static constexpr bool kIsPlain = sizeof...(T) != 0 && (PlainCodec<T>::kIsPlain && ...);
  static constexpr bool kIsOneBlock = false;
  static constexpr std::size_t kLeastBytes = (std::size_t{0} + ... + PlainCodec<T>::kLeastBytes);

  static std::size_t size(const std::tuple<T...>& values) {
    return std::apply([](const T&... value) { return (std::size_t{0} + ... + PlainCodec<T>::size(value)); }, values);
  }
  static void put(std::byte*& at, const std::tuple<T...>& values) {
    std::apply([&](const T&... value) { (PlainCodec<T>::put(at, value), ...); }, values);
  }
  static void get(PlainReader& reader, std::tuple<T...>& values) {
    std::apply([&](T&... value) { (PlainCodec<T>::get(reader, value), ...); }, values);
  }
};

template <class A, class B>
struct PlainCodec<std::pair<A, B>> {
  static constexpr bool kIsPlain = PlainCodec<A>::kIsPlain && PlainCodec<B>::kIsPlain;
  static constexpr bool kIsOneBlock = false;
  static constexpr std::size_t kLeastBytes = PlainCodec<A>::kLeastBytes + PlainCodec<B>::kLeastBytes;

  static std::size_t size(const std::pair<A, B>& pair) {
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

template <class T>
struct PlainCodec<std::optional<T>> {
  static constexpr bool kIsPlain = PlainCodec<T>::kIsPlain;
  static constexpr bool kIsOneBlock = false;
  static constexpr std::size_t kLeastBytes = 1;

  static std::size_t size(const std::optional<T>& value) { return 1 + (value ? PlainCodec<T>::size(*value) : 0); }
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

}  // namespace troupe::detail
