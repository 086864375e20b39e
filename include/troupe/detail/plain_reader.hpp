// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace troupe::detail {

// Why bytes are no value. Errors: SerializationError, always.
[[noreturn]] void throw_truncated(std::size_t wanted_bytes, std::size_t left_bytes, Direction direction);
[[noreturn]] void throw_too_many(std::uint64_t count, std::size_t left_bytes, Direction direction);
[[noreturn]] void throw_bad_byte(const char* what, std::byte byte, Direction direction);
[[noreturn]] void throw_left_over(std::size_t left_bytes, Direction direction);

// The bytes that are left to decode; never reads past them. Thread-safety: none.
class PlainReader {
 public:
  explicit PlainReader(std::span<const std::byte> bytes, Direction direction = Direction::argument, bool may_view = false)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), direction_(direction), may_view_(may_view) {}

  // Whether what is decoded may look at these bytes as long as they stay, instead of copying them.
  void allow_views(bool may_view) { may_view_ = may_view; }
  bool allows_views() const { return may_view_; }

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  Direction direction() const { return direction_; }

  const std::byte* take(std::size_t bytes) {
    if (bytes > left()) [[unlikely]]
      throw_truncated(bytes, left(), direction_);
    return std::exchange(at_, at_ + bytes);
  }
  // A container's count, checked against what is left before anything is allocated for it.
  std::size_t take_count(std::size_t least_element_bytes) {
    std::uint64_t count;
    std::memcpy(&count, take(sizeof count), sizeof count);
    if (count > left() / least_element_bytes) [[unlikely]]
      throw_too_many(count, left(), direction_);
    return static_cast<std::size_t>(count);
  }
  // The byte of a value without contents.
  void take_nothing() {
    const std::byte byte = *take(1);
    if (byte != std::byte{0}) [[unlikely]]
      throw_bad_byte("a value without contents", byte, direction_);
  }
  void expect_end() const {
    if (at_ != end_) [[unlikely]]
      throw_left_over(left(), direction_);
  }

 private:
  const std::byte* at_;
  const std::byte* end_;
  Direction direction_;
  bool may_view_;
};

// bool's memory may hold 0 and 1 only. Each byte is looked at once: who wrote it may change it between two looks.
inline void copy_bools(std::byte* to, const std::byte* from, std::size_t count, Direction direction) {
  for (std::size_t each = 0; each < count; ++each) {
    const std::byte copy = *static_cast<const volatile std::byte*>(from + each);
    if (std::to_integer<unsigned>(copy) > 1) [[unlikely]]
      throw_bad_byte("a bool", copy, direction);
    to[each] = copy;
  }
}

}  // namespace troupe::detail
