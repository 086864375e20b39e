// SPDX-License-Identifier: BSL-1.0
#include <troupe/archive.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace troupe::detail {

void throw_truncated() {
  throw SerializationError("the bytes end before the value does, or name a length that they cannot hold");
}

void throw_bad_bool() { throw SerializationError("a bool is neither 0 nor 1"); }

void throw_left_over(std::size_t bytes) {
  throw SerializationError(fmt::format("{} bytes are left over after the value; the two sides disagree about its type", bytes));
}

void throw_too_nested() {
  throw SerializationError(fmt::format("the value is nested more than {} deep", InputArchive::kMaxNesting));
}

void GrowingBuffer::grow(std::size_t more) {
  if (more > limit_ - std::min(size_, limit_)) {
    throw SerializationError(fmt::format("the values have more than {} bytes, which is the limit", limit_));
  }
  const std::size_t wanted = std::min(std::max(capacity_ * 2, size_ + more), limit_);
  auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
  std::memcpy(larger.get(), data_, size_);
  heap_ = std::move(larger);
  data_ = heap_.get();
  capacity_ = wanted;
}

}  // namespace troupe::detail
