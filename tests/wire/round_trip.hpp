// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/archive.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace troupe::test {

template <class... T>
std::vector<std::byte> bytes_of(const T&... values) {
  detail::GrowingBuffer buffer;
  detail::encode(buffer, values...);
  return {buffer.bytes().begin(), buffer.bytes().end()};
}

template <class T>
T value_of(std::span<const std::byte> bytes) {
  T value{};
  detail::decode(bytes, value);
  return value;
}

// What arrives when `value` is sent.
template <class T>
T arrived(const T& value) {
  return value_of<T>(bytes_of(value));
}

}  // namespace troupe::test
