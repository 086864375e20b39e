// SPDX-License-Identifier: BSL-1.0
#pragma once

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
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// Values to bytes and back, through cereal: whatever cereal serializes crosses, and nothing that could hurt the reader.
namespace troupe {

namespace detail {

// Bytes that grow, up to a limit. Small contents stay on the stack. Thread-safety: none.
class GrowingBuffer {
 public:
  static constexpr std::size_t kLargestArguments = std::size_t{1} << 30;

  explicit GrowingBuffer(std::size_t limit = kLargestArguments) : limit_(limit) {}
  GrowingBuffer(const GrowingBuffer&) = delete;
  GrowingBuffer& operator=(const GrowingBuffer&) = delete;

  // Errors: SerializationError past the limit.
  void append(const void* bytes, std::size_t count) {
    if (count > capacity_ - size_) grow(count);
    if (count != 0) std::memcpy(data_ + size_, bytes, count);
    size_ += count;
  }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  void grow(std::size_t more);

  const std::size_t limit_;
  std::size_t size_ = 0;
  std::size_t capacity_ = sizeof inline_;
  std::unique_ptr<std::byte[]> heap_;
  std::byte inline_[512];
  std::byte* data_ = inline_;
};

[[noreturn]] void throw_too_nested();

}  // namespace detail

// A cereal archive that writes native binary into a buffer. Thread-safety: none.
class OutputArchive : public cereal::OutputArchive<OutputArchive, cereal::AllowEmptyClassElision> {
 public:
  explicit OutputArchive(detail::GrowingBuffer& buffer)
      : cereal::OutputArchive<OutputArchive, cereal::AllowEmptyClassElision>(this), buffer_(buffer) {}

  void write(const void* bytes, std::size_t count) { buffer_.append(bytes, count); }

 private:
  detail::GrowingBuffer& buffer_;
};

// A cereal archive that reads what OutputArchive wrote, from bytes that it does not trust: it never reads past them,
// checks each length against the bytes that are left before anything is allocated for it, counts elements that take no
// bytes against the same budget, and bounds the nesting. Errors: SerializationError. Thread-safety: none.
class InputArchive : public cereal::InputArchive<InputArchive, cereal::AllowEmptyClassElision> {
 public:
  static constexpr unsigned kMaxNesting = 500;

  explicit InputArchive(std::span<const std::byte> bytes)
      : cereal::InputArchive<InputArchive, cereal::AllowEmptyClassElision>(this), reader_(bytes), elements_left_(bytes.size()) {}

  void read(void* bytes, std::size_t count) {
    const std::byte* from = reader_.take(count);
    if (count != 0) std::memcpy(bytes, from, count);
  }
  std::uint64_t read_count() {
    const std::size_t count = reader_.take_count(1);
    if (count > elements_left_) detail::throw_truncated();
    elements_left_ -= count;
    return count;
  }
  void enter() {
    if (++nesting_ > kMaxNesting) detail::throw_too_nested();
  }
  void leave() { --nesting_; }
  std::size_t left() const { return reader_.left(); }

 private:
  detail::PlainReader reader_;
  std::size_t elements_left_;
  unsigned nesting_ = 0;
};

}  // namespace troupe

CEREAL_SETUP_ARCHIVE_TRAITS(troupe::InputArchive, troupe::OutputArchive)

namespace troupe {

// What cereal calls for the archives; found by argument-dependent lookup.

template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(OutputArchive& archive, const T& value) { archive.write(&value, sizeof value); }
template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(InputArchive& archive, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    std::uint8_t byte = 0;
    archive.read(&byte, 1);
    if (byte > 1) detail::throw_bad_bool();
    value = byte != 0;
  } else {
    archive.read(&value, sizeof value);
  }
}

template <class Archive, class T>
requires std::is_same_v<Archive, OutputArchive> || std::is_same_v<Archive, InputArchive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, cereal::NameValuePair<T>& pair) { archive(pair.value); }

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(OutputArchive& archive, const cereal::SizeTag<T>& tag) {
  const std::uint64_t count = tag.size;
  archive.write(&count, sizeof count);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(InputArchive& archive, cereal::SizeTag<T>& tag) {
  tag.size = static_cast<std::remove_reference_t<T>>(archive.read_count());
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(OutputArchive& archive, const cereal::BinaryData<T>& data) {
  archive.write(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(InputArchive& archive, cereal::BinaryData<T>& data) {
  archive.read(data.data, static_cast<std::size_t>(data.size));
}

template <class T>
requires(!std::is_arithmetic_v<T>) void prologue(InputArchive& archive, const T&) { archive.enter(); }
template <class T>
requires(!std::is_arithmetic_v<T>) void epilogue(InputArchive& archive, const T&) { archive.leave(); }

namespace detail {

// Whether T is `Template` of something.
template <template <class...> class Template, class T>
inline constexpr bool is_instance = false;
template <template <class...> class Template, class... T>
inline constexpr bool is_instance<Template, Template<T...>> = true;

// Refuses, with a reason, what means nothing in another process; looks through the arguments of templates.
template <class T>
struct Crossing {
  static_assert(
      !std::is_pointer_v<T>,
      "troupe: a raw pointer cannot cross to another process, which has memory of its own: send the value, a std::optional or a "
      "std::vector");
  static_assert(!std::is_member_pointer_v<T>,
                "troupe: a pointer to member cannot cross to another process: name it in the call instead");
  static_assert(
      !std::is_polymorphic_v<T>,
      "troupe: a polymorphic object cannot cross: the other process could be made to build any class of its hierarchy; send a "
      "std::variant of the concrete types");
  static constexpr bool kChecked = true;
};
template <class T>
struct Crossing<std::shared_ptr<T>> {
  static_assert(!std::is_same_v<T, T>,
                "troupe: a std::shared_ptr cannot cross: the other process would get a copy and share nothing; send the value, "
                "or a proxy of an "
                "actor that owns it");
};
template <class T>
struct Crossing<std::weak_ptr<T>> : Crossing<std::shared_ptr<T>> {};
template <template <class...> class Template, class... T>
requires(!std::is_polymorphic_v<Template<T...>>) struct Crossing<Template<T...>> {
  static constexpr bool kChecked = (Crossing<std::remove_cv_t<T>>::kChecked && ... && true);
};
template <>
struct Crossing<void> {
  static constexpr bool kChecked = true;
};

template <class T>
constexpr void assert_crosses() {
  static_assert(!std::is_reference_v<T>);
  static_assert(Crossing<std::remove_cv_t<T>>::kChecked);
  if constexpr (!PlainCodec<T>::kIsPlain && !std::is_pointer_v<T> && !is_instance<std::shared_ptr, T> &&
                !std::is_polymorphic_v<T>) {
    static_assert(
        cereal::traits::is_output_serializable<T, OutputArchive>::value &&
            cereal::traits::is_input_serializable<T, InputArchive>::value,
        "troupe: this type cannot be serialized: give it a member `template <class Archive> void serialize(Archive& archive) "
        "{ archive(field, …); }`, or include the <cereal/types/….hpp> header of its container");
  }
}

// Encoding and decoding T runs no code of the user's.
template <class T>
inline constexpr bool is_plain = PlainCodec<T>::kIsPlain;

template <class... T>
std::size_t encoded_size(const T&... values) {
  return (std::size_t{0} + ... + PlainCodec<T>::size(values));
}

// Writes exactly encoded_size(values...) bytes.
template <class... T>
void encode_plain([[maybe_unused]] std::byte* out, const T&... values) {
  (PlainCodec<T>::put(out, values), ...);
}

template <class T>
void encode_one(OutputArchive& archive, GrowingBuffer& buffer, const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    const std::uint64_t count = value.size();
    buffer.append(&count, sizeof count);
    buffer.append(value.data(), value.size());
  } else {
    archive(value);
  }
}

template <class... T>
void encode(GrowingBuffer& buffer, const T&... values) {
  OutputArchive archive(buffer);
  (encode_one(archive, buffer, values), ...);
}

// Errors: SerializationError when the bytes are not exactly such values.
template <class... T>
void decode(std::span<const std::byte> bytes, T&... values) {
  if constexpr ((is_plain<T> && ...)) {
    PlainReader reader(bytes);
    (PlainCodec<T>::get(reader, values), ...);
    if (reader.left() != 0) throw_left_over(reader.left());
  } else {
    InputArchive archive(bytes);
    archive(values...);
    if (archive.left() != 0) throw_left_over(archive.left());
  }
}

}  // namespace detail
}  // namespace troupe
