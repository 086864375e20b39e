// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

namespace troupe::detail {

class Carried;
class LinkHandle;

// Bytes that grow, up to a limit; small contents stay in the object itself. Remembers the proxies that were written into it.
// Thread-safety: none.
class GrowingBuffer {
 public:
  static constexpr std::size_t kLargestArguments = std::size_t{1} << 31;  // 1 GiB fits, with its counts

  // `direction`: of the values, for errors.
  explicit GrowingBuffer(std::size_t limit_bytes = kLargestArguments, Direction direction = Direction::argument)
      : limit_(limit_bytes), capacity_(std::min(sizeof inline_, limit_bytes)), direction_(direction) {}
  GrowingBuffer(const GrowingBuffer&) = delete;
  GrowingBuffer& operator=(const GrowingBuffer&) = delete;
  ~GrowingBuffer() {
    if (data_ != inline_) free_heap();
    if (carried_ != nullptr) free_carried();
  }

  // Room for `count` more bytes, uninitialised; good until the next call. Errors: SerializationError past the limit.
  std::byte* extend(std::size_t count) {
    if (count > capacity_ - size_) [[unlikely]]
      grow(count);
    std::byte* place = data_ + size_;
    size_ += count;
    return place;
  }
  void append(const void* bytes, std::size_t count) {
    std::byte* place = extend(count);
    if (count != 0) std::memcpy(place, bytes, count);
  }

  // A proxy has been written; an empty one does not count.
  void carry(const LinkHandle& link);
  const Carried* carried() const { return carried_; }  // null: none

  std::size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  Direction direction() const { return direction_; }

 private:
  void grow(std::size_t more);
  void free_heap() noexcept;
  void free_carried() noexcept;

  const std::size_t limit_;
  std::size_t size_ = 0;
  std::size_t capacity_;
  std::byte* data_ = inline_;   // or malloc's, so that a large one grows without being copied
  Carried* carried_ = nullptr;  // owned
  const Direction direction_;
  std::byte inline_[512];
};

}  // namespace troupe::detail
