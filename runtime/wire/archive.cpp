// SPDX-License-Identifier: BSL-1.0
#include <troupe/archive.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <stdexcept>

namespace troupe {

namespace detail {

namespace {

[[noreturn]] void refuse(Direction direction, const std::string& text) {
  throw SerializationError("the bytes are no such value: " + text, direction);
}

}  // namespace

void throw_truncated(std::size_t wanted_bytes, std::size_t left_bytes, Direction direction) {
  refuse(direction, fmt::format("the next part takes {} bytes, and {} are left", wanted_bytes, left_bytes));
}

void throw_too_many(std::uint64_t count, std::size_t left_bytes, Direction direction) {
  refuse(direction,
         fmt::format("a container claims {} elements, more than the {} bytes that are left can hold", count, left_bytes));
}

void throw_bad_byte(const char* what, std::byte byte, Direction direction) {
  refuse(direction, fmt::format("{} cannot have the byte {}", what, std::to_integer<unsigned>(byte)));
}

void throw_left_over(std::size_t left_bytes, Direction direction) {
  refuse(direction, fmt::format("{} bytes are left over; the two sides disagree about its type", left_bytes));
}

void throw_too_nested(unsigned limit, Direction direction) {
  throw SerializationError(fmt::format("values are nested more than {} deep; send long chains as a container instead", limit),
                           direction);
}

void GrowingBuffer::grow(std::size_t more) {
  if (more > limit_ - size_) {
    throw SerializationError(fmt::format("the values take at least {} bytes, and the limit is {}", size_ + more, limit_),
                             direction_);
  }
  const std::size_t wanted = std::min(std::max(capacity_ * 2, size_ + more), limit_);
  void* larger = std::realloc(data_ == inline_ ? nullptr : data_, wanted);
  if (larger == nullptr) throw std::bad_alloc();
  if (data_ == inline_) std::memcpy(larger, inline_, size_);
  data_ = static_cast<std::byte*>(larger);
  capacity_ = wanted;
}

void GrowingBuffer::free_heap() noexcept { std::free(data_); }

void save_with_archive(GrowingBuffer& buffer, void (*save)(OutputArchive& archive, const void* values), const void* values) {
  OutputArchive archive(buffer);
  try {
    save(archive, values);
  } catch (const cereal::Exception& error) {
    throw SerializationError(error.what(), buffer.direction());
  }
}

void load_with_archive(std::span<const std::byte> bytes, Direction direction,
                       void (*load)(InputArchive& archive, const void* values), const void* values) {
  InputArchive archive(bytes, direction);
  try {
    load(archive, values);
  } catch (const cereal::Exception& error) {
    refuse(direction, error.what());
  } catch (const std::invalid_argument& error) {  // std::bitset's, of text; or of a load() that looks at what it got
    refuse(direction, error.what());
  }
  archive.expect_end();
}

}  // namespace detail

// Here, so that cereal's tables are made and destroyed in one place only.
OutputArchive::OutputArchive(detail::GrowingBuffer& buffer) : Cereal(this), buffer_(buffer) {}
OutputArchive::~OutputArchive() noexcept = default;

InputArchive::InputArchive(std::span<const std::byte> bytes, Direction direction)
    : Cereal(this), reader_(bytes, direction), countable_(bytes.size()) {}
InputArchive::~InputArchive() noexcept = default;

std::uint64_t InputArchive::take_count() {
  const std::size_t count = reader_.take_count(1);
  if (count > countable_) detail::throw_too_many(count, left(), reader_.direction());
  countable_ -= count;
  return count;
}

}  // namespace troupe
