// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/growing_buffer.hpp>
#include <troupe/detail/plain_codec.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace troupe::wire {

// The archive of the runtime's own messages, for both directions: it writes what serialize() names, or reads it into a new
// value. There are many messages, in every program: so each has one function for both, made of calls to the few below. The
// bytes are those of the archives that users' types go through (troupe/archive.hpp).
// Errors: SerializationError, for bytes that hold no such value; nothing is allocated for elements that are not there.
// Thread-safety: none.
class FieldArchive {
 public:
  explicit FieldArchive(detail::GrowingBuffer& out) : out_(&out), in_({}) {}
  explicit FieldArchive(std::span<const std::byte> in) : in_(in) {}

  template <class... T>
  void operator()(T&... values) {
    (field(values), ...);
  }

  // What is read must be one of the enumerators; `last` is the last of them.
  template <detail::Enum T>
  void enumerator(T& value, T last) {
    field(value);
    if (value > last) [[unlikely]]
      throw_past(static_cast<unsigned>(last));
  }

  void expect_end() const { in_.expect_end(); }

 private:
  template <detail::NumberOrEnum T>
  void field(T& number) {
    raw(&number, sizeof number);
  }
  void field(bool& truth);
  void field(std::string& text);
  void field(std::vector<std::byte>& block);

  // Read one by one: a count is believed as far as elements come.
  template <class T>
  void field(std::vector<T>& values) {
    const std::size_t size = count(values.size());
    for (std::size_t each = 0; each < size; ++each) {
      if (each == values.size()) values.push_back(T{});
      field(values[each]);
    }
  }
  template <detail::NumberOrEnum T, std::size_t kCount>
  void field(std::array<T, kCount>& values) {
    raw(values.data(), sizeof(values));
  }
  template <class A, class B>
  void field(std::pair<A, B>& pair) {
    field(pair.first);
    field(pair.second);
  }
  template <class T>
  void field(std::optional<T>& value) {
    bool is_null = !value;
    field(is_null);
    if (is_null) return;
    if (!value) value.emplace();
    field(*value);
  }
  template <class T>
  void field(T& value) {
    if constexpr (requires { value.serialize(*this); }) {
      value.serialize(*this);
    } else {
      serialize(*this, value);
    }
  }

  [[noreturn]] static void throw_past(unsigned last);
  void raw(void* bytes, std::size_t count);
  // Of elements: `size` when writing.
  std::size_t count(std::size_t size);

  detail::GrowingBuffer* out_ = nullptr;  // null: reads
  detail::PlainReader in_;
};

}  // namespace troupe::wire
