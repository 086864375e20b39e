// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/archive.hpp>

#include <array>
#include <bit>
#include <cereal/archives/binary.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "round_trip.hpp"
#include "user_types.hpp"

namespace troupe::test {
namespace {

using detail::is_plain;
using namespace std::string_literals;
using namespace std::string_view_literals;

using Nested = std::vector<std::tuple<std::string, std::optional<std::vector<std::int16_t>>, std::array<bool, 3>>>;

static_assert(std::endian::native == std::endian::little);
static_assert(is_plain<int> && is_plain<bool> && is_plain<double> && is_plain<char32_t> && is_plain<Colour>);
static_assert(is_plain<std::string> && is_plain<std::wstring> && is_plain<std::string_view>);
static_assert(is_plain<std::vector<std::string>> && is_plain<std::vector<bool>> && is_plain<std::array<int, 4>> &&
              is_plain<Nested>);
static_assert(is_plain<std::pair<int, std::string>> && is_plain<std::tuple<>> && is_plain<std::optional<std::vector<double>>>);
static_assert(is_plain<std::span<const int>> && is_plain<std::span<const std::byte>>);
static_assert(!is_plain<Point> && !is_plain<std::vector<Point>> && !is_plain<std::pair<int, Empty>> && !is_plain<Empty>);
static_assert(!is_plain<std::map<int, int>> && !is_plain<int*> && !is_plain<std::optional<Point>> &&
              !is_plain<std::array<Point, 2>>);
static_assert(detail::encoded_size(1, 2.0, 'c', true, std::array<int, 3>()) == 26);

template <class... T>
std::vector<std::byte> bytes_by_cereal(const T&... values) {
  std::ostringstream out;
  cereal::BinaryOutputArchive archive(out);
  archive(values...);
  const std::string text = out.str();
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

template <class... T>
std::vector<std::byte> bytes_in_place(const T&... values) {
  const std::size_t size = detail::encoded_size(values...);
  std::vector<std::byte> bytes(size + 16);  // GCC 12 sees stores past the end of smaller ones that are never made
  detail::encode_plain(bytes.data(), values...);
  bytes.resize(size);
  return bytes;
}

template <class T>
std::vector<std::byte> bytes_in_a_struct(const T& value) {
  struct Holder {
    const T& held;
    void save(OutputArchive& archive) const { archive(held); }
    void load(InputArchive&) {}
  };
  return bytes_of(Holder{value});
}

template <class T>
struct PlainCodecOf : testing::Test {};

template <class T>
T sample();
template <>
int sample() {
  return -7;
}
template <>
bool sample() {
  return true;
}
template <>
double sample() {
  return 2.5e-300;
}
template <>
std::uint64_t sample() {
  return std::numeric_limits<std::uint64_t>::max();
}
template <>
Colour sample() {
  return Colour::blue;
}
template <>
std::string sample() {
  return "a\0b"s;
}
template <>
std::u16string sample() {
  return u"text";
}
template <>
std::vector<std::int32_t> sample() {
  return {1, -2, 3};
}
template <>
std::vector<bool> sample() {
  return {true, false, true};
}
template <>
std::vector<Colour> sample() {
  return {Colour::green, Colour::red};
}
template <>
std::array<double, 2> sample() {
  return {1.5, -0.0};
}
template <>
std::pair<char, std::string> sample() {
  return {'c', "text"};
}
template <>
std::tuple<int, std::vector<std::string>, float> sample() {
  return {1, {"", "long enough to leave the small buffer"}, 0.5f};
}
template <>
std::optional<std::string> sample() {
  return "there";
}
template <>
std::optional<int> sample() {
  return std::nullopt;
}
template <>
Nested sample() {
  return {{"one", std::vector<std::int16_t>{1, 2}, {true, false, true}}, {"two", std::nullopt, {}}};
}

using PlainTypes =
    testing::Types<int, bool, double, std::uint64_t, Colour, std::string, std::u16string, std::vector<std::int32_t>,
                   std::vector<bool>, std::vector<Colour>, std::array<double, 2>, std::pair<char, std::string>,
                   std::tuple<int, std::vector<std::string>, float>, std::optional<std::string>, std::optional<int>, Nested>;
TYPED_TEST_SUITE(PlainCodecOf, PlainTypes);

TYPED_TEST(PlainCodecOf, MakesTheBytesThatCerealMakes) {
  const auto value = sample<TypeParam>();
  EXPECT_EQ(bytes_in_place(value), bytes_by_cereal(value));
}

TYPED_TEST(PlainCodecOf, MakesTheSameBytesInsideAnArchive) {
  const auto value = sample<TypeParam>();
  EXPECT_EQ(bytes_in_a_struct(value), bytes_in_place(value));
}

TYPED_TEST(PlainCodecOf, GivesTheValueBack) {
  const auto value = sample<TypeParam>();
  EXPECT_EQ(arrived(value), value);
}

TYPED_TEST(PlainCodecOf, RefusesEveryTruncation) {
  const auto bytes = bytes_in_place(sample<TypeParam>());
  for (std::size_t count = 0; count < bytes.size(); ++count) {
    EXPECT_THROW(value_of<TypeParam>(std::span(bytes).first(count)), SerializationError)
        << count << " of " << bytes.size() << " bytes";
  }
}

TYPED_TEST(PlainCodecOf, RefusesBytesThatAreLeftOver) {
  auto bytes = bytes_in_place(sample<TypeParam>());
  bytes.push_back(std::byte{0});
  EXPECT_THROW(value_of<TypeParam>(bytes), SerializationError);
}

TEST(PlainCodec, EncodesAViewAsWhatItShows) {
  const std::vector<int> numbers = {1, 2, 3};
  EXPECT_EQ(bytes_of("text"sv), bytes_of("text"s));
  EXPECT_EQ(bytes_of(std::span<const int>(numbers)), bytes_of(numbers));
  EXPECT_EQ(bytes_of(std::span<const int>()), bytes_of(std::vector<int>()));
}

TEST(PlainCodec, PutsArgumentsOneAfterTheOther) { EXPECT_EQ(bytes_of(1, "two"s, 3.0), bytes_of(std::tuple(1, "two"s, 3.0))); }

TEST(PlainCodec, ReadsArgumentsOneAfterTheOther) {
  const auto bytes = bytes_of(1, "two"s, 3.0);
  int one = 0;
  std::string two;
  double three = 0;
  detail::decode(bytes, one, two, three);
  EXPECT_EQ(std::tuple(one, two, three), std::tuple(1, "two"s, 3.0));
}

TEST(PlainCodec, ReadsBlocksThatLieUnaligned) {
  const std::vector<double> numbers = {1.5, 2.5, 3.5};
  const auto bytes = bytes_of('x', numbers);
  char letter = 0;
  std::vector<double> read;
  detail::decode(bytes, letter, read);
  EXPECT_EQ(read, numbers);
}

TEST(PlainCodec, KeepsNaNsAndZeroesAsTheyAre) {
  EXPECT_TRUE(std::isnan(arrived(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_TRUE(std::signbit(arrived(-0.0)));
}

TEST(PlainCodec, ReplacesWhatTheTargetHeld) {
  std::vector<std::string> target = {"old", "older", "oldest"};
  detail::decode(bytes_of(std::vector<std::string>{"new"}), target);
  EXPECT_THAT(target, testing::ElementsAre("new"));
}

TEST(PlainCodec, TakesOneByteForAValueWithoutContents) {
  EXPECT_EQ(bytes_of(std::tuple<>()).size(), 1u);
  EXPECT_EQ(bytes_of(std::array<int, 0>()).size(), 1u);
  EXPECT_EQ(arrived(std::vector<std::tuple<>>(5)).size(), 5u);
}

TEST(PlainCodec, RefusesABoolThatIsNeitherZeroNorOne) {
  const std::vector<std::byte> byte = {std::byte{2}};
  EXPECT_THROW(value_of<bool>(byte), SerializationError);
  EXPECT_THROW(value_of<std::optional<int>>(byte), SerializationError);
  EXPECT_THROW((value_of<std::array<bool, 1>>(byte)), SerializationError);
  EXPECT_THROW(value_of<std::tuple<>>(byte), SerializationError);
}

TEST(PlainCodec, SaysWhichWayTheValueWasGoing) {
  const std::vector<std::byte> none;
  int value = 0;
  Direction direction = Direction::argument;
  try {
    detail::decode_result(none, value);
  } catch (const SerializationError& error) {
    direction = error.direction();
  }
  EXPECT_EQ(direction, Direction::result);
}

TEST(PlainCodec, SaysWhatIsWrong) {
  const auto bytes = bytes_of(std::uint64_t{1000}, 'x');
  EXPECT_THAT([&] { value_of<std::string>(bytes); }, testing::ThrowsMessage<SerializationError>(testing::HasSubstr(
                                                         "claims 1000 elements, more than the 1 bytes that are left")));
}

}  // namespace
}  // namespace troupe::test
