// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/archive.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace troupe::test {
namespace {

using detail::GrowingBuffer;
using testing::AllOf;
using testing::HasSubstr;

std::string text_of(const GrowingBuffer& buffer) { return {reinterpret_cast<const char*>(buffer.bytes().data()), buffer.size()}; }

TEST(GrowingBuffer, KeepsAllThatWasAppended) {
  GrowingBuffer buffer;
  std::string expected;
  for (std::size_t part = 0; part < 300; ++part) {
    const std::string text(part, static_cast<char>('a' + part % 26));
    buffer.append(text.data(), text.size());
    expected += text;
  }
  EXPECT_EQ(text_of(buffer), expected);
}

TEST(GrowingBuffer, GivesRoomInPlace) {
  GrowingBuffer buffer;
  detail::encode_plain(buffer.extend(sizeof(int)), 7);
  EXPECT_EQ(buffer.size(), sizeof(int));
}

TEST(GrowingBuffer, TakesUpToItsLimit) {
  GrowingBuffer buffer(1000);
  buffer.extend(999);
  EXPECT_NO_THROW(buffer.extend(1));
}

TEST(GrowingBuffer, RefusesMoreThanItsLimitNamingBoth) {
  GrowingBuffer buffer(1000);
  buffer.extend(600);
  EXPECT_THAT([&] { buffer.extend(500); },
              testing::ThrowsMessage<SerializationError>(AllOf(HasSubstr("1100 bytes"), HasSubstr("limit is 1000"))));
}

TEST(GrowingBuffer, HoldsALimitBelowItsInlineStorage) {
  GrowingBuffer buffer(10);
  EXPECT_THROW(buffer.extend(11), SerializationError);
}

TEST(GrowingBuffer, KeepsItsContentsWhenItRefuses) {
  GrowingBuffer buffer(10);
  buffer.append("abc", 3);
  EXPECT_THROW(buffer.append("defghijklm", 10), SerializationError);
  EXPECT_EQ(text_of(buffer), "abc");
}

TEST(GrowingBuffer, SaysWhichWayItsValuesWereGoing) {
  GrowingBuffer buffer(4, Direction::result);
  Direction direction = Direction::argument;
  try {
    detail::encode(buffer, std::string("longer than that"));
  } catch (const SerializationError& error) {
    direction = error.direction();
  }
  EXPECT_EQ(direction, Direction::result);
}

}  // namespace
}  // namespace troupe::test
