// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/crossing.hpp>
#include <troupe/detail/growing_buffer.hpp>
#include <troupe/detail/plain_codec.hpp>
#include <troupe/error.hpp>

#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

// Values to bytes and back. Whatever cereal serializes crosses: containers by their <cereal/types/….hpp> header, the
// user's types by a serialize(), save() and load(), or save_minimal() and load_minimal() of their own. Plain types
// (detail/plain_codec.hpp) do not go through cereal at all; their bytes are the same.
namespace troupe {

// Values inside values, in both directions.
inline constexpr unsigned kMaxNesting = 500;

// A cereal archive that writes native binary. Every value takes at least one byte: one that archives nothing is a zero.
// Errors: SerializationError past the buffer's limit or kMaxNesting. Thread-safety: none.
class OutputArchive final : public cereal::OutputArchive<OutputArchive, cereal::AllowEmptyClassElision> {
 public:
  explicit OutputArchive(detail::GrowingBuffer& buffer);
  ~OutputArchive() noexcept override;

  template <class... T>
  OutputArchive& operator()(T&&... values) {
    (put(values), ...);
    return *this;
  }

  // Among the values is this proxy: whoever sends them sees to it that its actor lives until they have arrived.
  void carry(const detail::LinkHandle& link) { buffer_.carry(link); }

 private:
  using Cereal = cereal::OutputArchive<OutputArchive, cereal::AllowEmptyClassElision>;

  template <class T>
  void put(const T& value) {
    if constexpr (detail::is_plain<T>) {
      detail::encode_plain(buffer_.extend(detail::encoded_size(value)), value);
    } else {
      Cereal::operator()(value);
    }
  }
  template <class T>
  void put(const cereal::NameValuePair<T>& pair) {
    put(pair.value);
  }
  template <class Key, class Value>
  void put(const cereal::MapItem<Key, Value>& item) {
    put(item.key);
    put(item.value);
  }
  template <class T>
  void put(const cereal::SizeTag<T>& tag) {
    put(static_cast<std::uint64_t>(tag.size));
  }
  template <class T>
  void put(const cereal::BinaryData<T>& block) {
    buffer_.append(block.data, static_cast<std::size_t>(block.size));
  }

  void enter() {
    if (++nesting_ > kMaxNesting) [[unlikely]]
      detail::throw_too_nested(kMaxNesting, buffer_.direction());
    value_start_ = buffer_.size();
  }
  void leave() {
    --nesting_;
    if (buffer_.size() == value_start_) *buffer_.extend(1) = std::byte{0};
  }

  // What cereal calls; found by argument-dependent lookup.
  template <class T>
  friend void prologue(OutputArchive& archive, const T&) {
    detail::assert_is_archived<T, OutputArchive, cereal::traits::is_output_serializable>();
    if constexpr (detail::is_class_value<T>) archive.enter();
  }
  template <class T>
  friend void epilogue(OutputArchive& archive, const T&) {
    if constexpr (detail::is_class_value<T>) archive.leave();
  }
  template <detail::ArchivedDirectly T>
  friend void CEREAL_SAVE_FUNCTION_NAME(OutputArchive& archive, const T& value) {
    archive.put(value);
  }
  // What a std::vector of these would be. Only ever encoded.
  template <class T>
  friend void CEREAL_SAVE_FUNCTION_NAME(OutputArchive& archive, const std::span<const T>& values) {
    archive.put(static_cast<std::uint64_t>(values.size()));
    for (const T& value : values) archive.put(value);
  }

  detail::GrowingBuffer& buffer_;
  std::size_t value_start_ = 0;  // of the value that was entered last: if nothing follows, it has archived nothing
  unsigned nesting_ = 0;
};

// A cereal archive that reads what OutputArchive wrote, from bytes that it does not trust. It never reads past them;
// checks each container's count against the bytes that are left, and the sum of all counts against the bytes that there
// were (a value takes one at least), before anything is allocated for it; and bounds the nesting.
// Errors: SerializationError. Thread-safety: none.
class InputArchive final : public cereal::InputArchive<InputArchive, cereal::AllowEmptyClassElision> {
 public:
  explicit InputArchive(std::span<const std::byte> bytes, Direction direction = Direction::argument);
  ~InputArchive() noexcept override;

  template <class... T>
  InputArchive& operator()(T&&... values) {
    (get(values), ...);
    return *this;
  }

  // For the runtime: see PlainReader.
  void allow_views(bool may_view) { reader_.allow_views(may_view); }

  std::size_t left() const { return reader_.left(); }
  void expect_end() const { reader_.expect_end(); }

 private:
  using Cereal = cereal::InputArchive<InputArchive, cereal::AllowEmptyClassElision>;

  template <class T>
  void get(T& value) {
    if constexpr (detail::is_plain<T>) {
      detail::PlainCodec<T>::get(reader_, value);
    } else {
      Cereal::operator()(value);
    }
  }
  template <class T>
  void get(cereal::NameValuePair<T>& pair) {
    get(pair.value);
  }
  template <class Key, class Value>
  void get(cereal::MapItem<Key, Value>& item) {
    get(item.key);
    get(item.value);
  }
  template <class T>
  void get(cereal::SizeTag<T>& tag) {
    using Count = std::remove_reference_t<T>;
    const std::uint64_t count = take_count();
    tag.size = static_cast<Count>(count);
    if (static_cast<std::uint64_t>(tag.size) != count) [[unlikely]]
      detail::throw_too_many(count, left(), reader_.direction());
  }
  template <class T>
  void get(cereal::BinaryData<T>& block) {
    using Element = std::remove_cv_t<std::remove_all_extents_t<std::remove_pointer_t<std::remove_reference_t<T>>>>;
    const auto count = static_cast<std::size_t>(block.size);
    const std::byte* bytes = reader_.take(count);
    if (count == 0) return;
    if constexpr (detail::is_bool<Element>) {
      detail::copy_bools(static_cast<std::byte*>(static_cast<void*>(block.data)), bytes, count, reader_.direction());
    } else {
      std::memcpy(block.data, bytes, count);
    }
  }

  std::uint64_t take_count();

  void enter() {
    if (++nesting_ > kMaxNesting) [[unlikely]]
      detail::throw_too_nested(kMaxNesting, reader_.direction());
    left_at_value_start_ = left();
  }
  void leave() {
    --nesting_;
    if (left() == left_at_value_start_) reader_.take_nothing();
  }

  // What cereal calls; found by argument-dependent lookup.
  template <class T>
  friend void prologue(InputArchive& archive, const T&) {
    detail::assert_is_archived<T, InputArchive, cereal::traits::is_input_serializable>();
    if constexpr (detail::is_class_value<T>) archive.enter();
  }
  template <class T>
  friend void epilogue(InputArchive& archive, const T&) {
    if constexpr (detail::is_class_value<T>) archive.leave();
  }
  template <detail::ArchivedDirectly T>
  friend void CEREAL_LOAD_FUNCTION_NAME(InputArchive& archive, T& value) {
    archive.get(value);
  }

  detail::PlainReader reader_;
  std::size_t countable_;  // elements that containers may still claim
  std::size_t left_at_value_start_ = 0;
  unsigned nesting_ = 0;
};

}  // namespace troupe

CEREAL_SETUP_ARCHIVE_TRAITS(troupe::InputArchive, troupe::OutputArchive)

namespace troupe::detail {

// Refuses at compile time, with a reason, what cannot cross to another process.
template <class T>
constexpr void assert_crosses() {
  static_assert(!std::is_reference_v<T> && std::is_same_v<T, std::remove_cv_t<T>>);
  static_assert(
      PlainCodec<T>::kOwns,
      "troupe: a view (std::string_view, std::span) that is received has nothing to look at: use std::string or std::vector");
  if constexpr (!is_plain<T>) {
    assert_is_archived<T, OutputArchive, cereal::traits::is_output_serializable>();
    assert_is_archived<T, InputArchive, cereal::traits::is_input_serializable>();
  }
}

// Run `save` and `load` with an archive; what cereal throws becomes SerializationError.
void save_with_archive(GrowingBuffer& buffer, void (*save)(OutputArchive& archive, const void* values), const void* values);
void load_with_archive(std::span<const std::byte> bytes, Direction direction,
                       void (*load)(InputArchive& archive, const void* values), const void* values);

// Appends the bytes of any values that cross. Errors: SerializationError; what the user's code throws.
template <class... T>
void encode(GrowingBuffer& buffer, const T&... values) {
  if constexpr ((is_plain<T> && ...)) {
    encode_plain(buffer.extend(encoded_size(values...)), values...);
  } else {
    const auto save = [&](OutputArchive& archive) { archive(values...); };
    save_with_archive(
        buffer, [](OutputArchive& archive, const void* function) { (*static_cast<decltype(save)*>(function))(archive); }, &save);
  }
}

// Reads exactly these values. Errors: SerializationError for bytes that hold anything else; what the user's code throws.
// `may_view`: values that can look at the bytes, as long as these stay, do.
template <class... T>
void decode_as(Direction direction, bool may_view, std::span<const std::byte> bytes, T&... values) {
  if constexpr ((is_plain<T> && ...)) {
    PlainReader reader(bytes, direction, may_view);
    (PlainCodec<T>::get(reader, values), ...);
    reader.expect_end();
  } else {
    const auto load = [&](InputArchive& archive) {
      archive.allow_views(may_view);
      archive(values...);
    };
    load_with_archive(
        bytes, direction, [](InputArchive& archive, const void* function) { (*static_cast<decltype(load)*>(function))(archive); },
        &load);
  }
}
template <class... T>
void decode(std::span<const std::byte> bytes, T&... values) {
  decode_as(Direction::argument, false, bytes, values...);
}
template <class T>
void decode_result(std::span<const std::byte> bytes, T& value) {
  decode_as(Direction::result, false, bytes, value);
}

}  // namespace troupe::detail
