// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/detail/json.hpp>

#include <array>
#include <cereal/types/map.hpp>
#include <cereal/types/set.hpp>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

enum class Colour : std::uint8_t { red, green };

struct Point {
  int x = 0;
  int y = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, y);
  }
  friend bool operator==(const Point&, const Point&) = default;
};

struct Named {
  std::string name;
  std::vector<Point> points;
  friend bool operator==(const Named&, const Named&) = default;
};
template <class Archive>
void save(Archive& archive, const Named& named) {
  archive(cereal::make_nvp("name", named.name), cereal::make_nvp("points", named.points));
}
template <class Archive>
void load(Archive& archive, Named& named) {
  archive(cereal::make_nvp("name", named.name), cereal::make_nvp("points", named.points));
}

struct Tree {
  std::vector<Tree> children;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(children);
  }
};

template <class T>
std::string text_of(const T& value) {
  return detail::json_text(detail::json_of(value));
}
template <class T>
T value_of(const std::string& text) {
  T value{};
  detail::read_json(detail::parse_json(text), value);
  return value;
}
template <class T>
std::string objection_to(const std::string& text) {
  try {
    return "it became " + text_of(value_of<T>(text));
  } catch (const detail::JsonMismatch& mismatch) {
    return mismatch.where() + ": " + mismatch.what();
  }
}
template <class T>
void expect_round_trip(const T& value, const std::string& text) {
  EXPECT_EQ(text_of(value), text);
  EXPECT_EQ(value_of<T>(text), value);
}

TEST(Json, IsMadeFromValuesAndReadBack) {
  expect_round_trip(true, "true");
  expect_round_trip(-5, "-5");
  expect_round_trip(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
  expect_round_trip(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
  expect_round_trip(2.5, "2.5");
  expect_round_trip(Colour::green, "1");
  expect_round_trip(std::string("a \"b\"\n"), R"("a \"b\"\n")");
  expect_round_trip(std::optional<int>(), "null");
  expect_round_trip(std::optional<int>(3), "3");
  expect_round_trip(std::vector<bool>{true, false}, "[true,false]");
  expect_round_trip(std::deque<int>{1, 2}, "[1,2]");
  expect_round_trip(std::set<int>{1, 2}, "[1,2]");
  expect_round_trip(std::array<int, 2>{1, 2}, "[1,2]");
  expect_round_trip(std::tuple<int, std::string>(1, "x"), R"([1,"x"])");
  expect_round_trip(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}}, R"({"a":[1],"b":[]})");
  expect_round_trip(std::map<int, int>{{1, 2}}, "[[1,2]]");
  expect_round_trip(std::unordered_map<std::string, double>{{"pi", 3.25}}, R"({"pi":3.25})");
  expect_round_trip(Point{1, 2}, "[1,2]");
  expect_round_trip(Named{"n", {{1, 2}}}, R"({"name":"n","points":[[1,2]]})");
}

TEST(Json, SaysWhereWhatIsWrong) {
  EXPECT_EQ(objection_to<int>("2.0"), ": 2.0 is not int");
  EXPECT_EQ(objection_to<unsigned>("-1"), ": -1 is not unsigned int");
  EXPECT_EQ(objection_to<std::int64_t>("9223372036854775808"), ": 9223372036854775808 is not long");
  EXPECT_EQ(objection_to<std::uint8_t>("256"), ": 256 is not unsigned char");
  EXPECT_EQ(objection_to<bool>("1"), ": 1 is not bool");
  EXPECT_EQ(objection_to<double>("\"1\""), ": \"1\" is not double");
  EXPECT_EQ(objection_to<std::vector<int>>("[1, \"x\"]"), "[1]: \"x\" is not int");
  EXPECT_EQ(objection_to<std::vector<int>>("{}"), ": {} is not an array");
  EXPECT_EQ((objection_to<std::tuple<int, int>>("[1]")), ": [1] is not an array of 2");
  EXPECT_EQ((objection_to<std::map<std::string, int>>(R"({"a": null})")), ".a: null is not int");
  EXPECT_EQ(objection_to<Named>(R"({"name": "n", "points": [[1, 2], [1]]})"),
            ".points[1]: there are 1 values, and more are wanted");
  EXPECT_EQ(objection_to<Named>(R"({"name": "n"})"), ": \"points\" is missing");
  EXPECT_THAT(objection_to<Named>(R"({"name": "n", "points": [], "other": 1})"),
              HasSubstr("there are 3 values, and 2 are wanted"));
  EXPECT_EQ(objection_to<float>("1e300"), ": 1e+300 is not float");
  EXPECT_THAT(objection_to<double>("1e400"), HasSubstr("is no JSON"));
  EXPECT_EQ(value_of<unsigned>("-0"), 0u);
  EXPECT_THAT(objection_to<int>("five"), HasSubstr("five is no JSON"));
  EXPECT_THAT(objection_to<int>(""), HasSubstr("is no JSON"));
}

TEST(Json, OfWhatIsNestedTooDeepIsRefused) { EXPECT_THAT(objection_to<Tree>(std::string(100'000, '[')), HasSubstr("nested")); }

TEST(Json, ReadsManyNamesInTimeThatGrowsWithThem) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  EXPECT_EQ((value_of<std::map<std::string, int>>(text + "}").size()), 200'000u);
}

TEST(Json, HasNoNumberThatIsNone) { EXPECT_EQ(text_of(std::nan("")), "null"); }

TEST(Json, TextIsAlwaysUtf8) { EXPECT_EQ(text_of(std::string("a\xff")), "\"a\xef\xbf\xbd\""); }

}  // namespace
}  // namespace troupe::test
