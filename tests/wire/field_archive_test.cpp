// SPDX-License-Identifier: BSL-1.0
#include "wire/field_archive.hpp"

#include <gmock/gmock.h>
#include <troupe/archive.hpp>
#include <troupe/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace troupe::wire {
namespace {

using Bytes = std::vector<std::byte>;

enum class Colour : std::uint8_t { red, green };

struct Inner {
  std::uint32_t number = 0;
  std::string text{};

  friend bool operator==(const Inner&, const Inner&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, text);
  }
};

// A field of every kind that messages have.
struct Message {
  bool truth = false;
  std::uint8_t small = 0;
  std::int64_t large = 0;
  Colour colour = Colour::red;
  std::string text{};
  Bytes block{};
  std::vector<std::string> texts{};
  std::vector<std::pair<std::string, std::string>> pairs{};
  Inner inner{};
  std::vector<Inner> inners{};
  std::optional<Inner> nothing{};
  std::optional<Inner> something{};

  friend bool operator==(const Message&, const Message&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(truth, small, large, colour, text, block, texts, pairs, inner, inners, nothing, something);
  }
};

Message sample() {
  return {.truth = true,
          .small = 7,
          .large = -8,
          .colour = Colour::green,
          .text = "text",
          .block = {std::byte{1}, std::byte{2}},
          .texts = {"one", "", "three"},
          .pairs = {{"name", "value"}},
          .inner = {9, "inner"},
          .inners = {{1, "a"}, {2, "b"}},
          .something = Inner{3, "c"}};
}

Bytes copy_of(const detail::GrowingBuffer& buffer) { return {buffer.bytes().begin(), buffer.bytes().end()}; }

template <class T>
Bytes written(T value) {
  detail::GrowingBuffer buffer;
  FieldArchive{buffer}(value);
  return copy_of(buffer);
}

template <class T>
T read(std::span<const std::byte> bytes) {
  T value{};
  FieldArchive archive(bytes);
  archive(value);
  archive.expect_end();
  return value;
}

TEST(FieldArchive, WritesWhatTheArchivesOfUsersTypesWrite) {
  detail::GrowingBuffer buffer;
  detail::encode(buffer, sample());
  EXPECT_EQ(written(sample()), copy_of(buffer));
}

TEST(FieldArchive, GivesEachFieldBack) { EXPECT_EQ(read<Message>(written(sample())), sample()); }

TEST(FieldArchive, LeavesAWrittenValueAsItIs) {
  Message message = sample();
  detail::GrowingBuffer buffer;
  FieldArchive{buffer}(message);
  EXPECT_EQ(message, sample());
}

TEST(FieldArchive, RefusesEveryTruncation) {
  const Bytes bytes = written(sample());
  for (std::size_t count = 0; count < bytes.size(); ++count)
    EXPECT_THROW(read<Message>(std::span(bytes).first(count)), SerializationError) << count;
}

TEST(FieldArchive, RefusesACountThatTheBytesCannotHold) {
  const std::uint64_t count = std::uint64_t{1} << 60;
  const Bytes bytes = written(count);
  EXPECT_THAT([&] { read<std::vector<Inner>>(bytes); },
              testing::ThrowsMessage<SerializationError>(testing::HasSubstr("claims 1152921504606846976 elements")));
  EXPECT_THROW(read<std::string>(bytes), SerializationError);
  EXPECT_THROW(read<Bytes>(bytes), SerializationError);
}

TEST(FieldArchive, RefusesABoolThatIsNone) { EXPECT_THROW(read<bool>(written(std::uint8_t{2})), SerializationError); }

TEST(FieldArchive, RefusesAnEnumPastItsLast) {
  const Bytes bytes = written(std::uint8_t{2});
  FieldArchive archive(bytes);
  Colour colour{};
  EXPECT_THROW(archive.enumerator(colour, Colour::green), SerializationError);
}

TEST(FieldArchive, RefusesBytesThatAreLeftOver) {
  Bytes bytes = written(sample());
  bytes.push_back(std::byte{0});
  EXPECT_THROW(read<Message>(bytes), SerializationError);
}

}  // namespace
}  // namespace troupe::wire
