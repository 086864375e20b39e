// SPDX-License-Identifier: BSL-1.0
#include "wire/field_archive.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <cstring>

namespace troupe::wire {

void FieldArchive::throw_past(unsigned last) {
  throw SerializationError(fmt::format("an enum has a value past its last enumerator, {}", last));
}

void FieldArchive::raw(void* bytes, std::size_t count) {
  if (out_ != nullptr) {
    out_->append(bytes, count);
  } else if (count != 0) {  // what is empty may have no place
    std::memcpy(bytes, in_.take(count), count);
  }
}

std::size_t FieldArchive::count(std::size_t size) {
  std::uint64_t count = size;
  if (out_ == nullptr) return in_.take_count(1);
  raw(&count, sizeof count);
  return size;
}

void FieldArchive::field(bool& truth) {
  if (out_ != nullptr) return raw(&truth, 1);
  detail::PlainCodec<bool>::get(in_, truth);
}

void FieldArchive::field(std::string& text) {
  text.resize(count(text.size()));
  raw(text.data(), text.size());
}

void FieldArchive::field(std::vector<std::byte>& block) {
  block.resize(count(block.size()));
  raw(block.data(), block.size());
}

}  // namespace troupe::wire
