// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/archive.hpp>

#include <array>
#include <bitset>
#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/queue.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/valarray.hpp>
#include <cereal/types/variant.hpp>
#include <chrono>
#include <complex>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <valarray>
#include <variant>
#include <vector>

#include "round_trip.hpp"
#include "user_types.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

struct Graph {
  Point node;
  std::vector<Point> edges;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::defer(edges), node);
    archive.serializeDeferments();
  }
};

std::unique_ptr<Chain> chain_of(unsigned links) {
  std::unique_ptr<Chain> first;
  for (unsigned link = 0; link < links; ++link) first = std::make_unique<Chain>(Chain{static_cast<int>(link), std::move(first)});
  return first;
}

TEST(Archive, CarriesUserTypesHoweverTheyAreSerialized) {
  EXPECT_EQ(arrived(Point{1, -2}), (Point{1, -2}));
  EXPECT_EQ(arrived(Account("Ada", 123456789012)), Account("Ada", 123456789012));
  EXPECT_EQ(arrived(Celsius{0}), Celsius{0});
  EXPECT_EQ(arrived(Ticket{42}), Ticket{42});
}

TEST(Archive, CarriesBases) {
  NamedPoint point;
  point.x = 3;
  point.name = "there";
  EXPECT_EQ(arrived(point), point);
}

TEST(Archive, CarriesTheVersionOfAClass) { EXPECT_EQ(arrived(Versioned{"text"}).version_met, 7u); }

TEST(Archive, CarriesUserTypesInContainers) {
  EXPECT_EQ(arrived(std::vector<Point>{{1, 2}, {3, 4}}), (std::vector<Point>{{1, 2}, {3, 4}}));
  EXPECT_EQ(arrived(std::optional<Point>({1, 2})), (Point{1, 2}));
  EXPECT_EQ(arrived(std::optional<Point>()), std::nullopt);
  EXPECT_EQ(arrived(std::array<Point, 2>{{{1, 2}, {3, 4}}}), (std::array<Point, 2>{{{1, 2}, {3, 4}}}));
  EXPECT_EQ(arrived(std::pair(1, Point{2, 3})), std::pair(1, Point{2, 3}));
  EXPECT_EQ(arrived(std::tuple(Ticket{1}, std::string("two"), Point{3, 4})),
            std::tuple(Ticket{1}, std::string("two"), Point{3, 4}));
}

TEST(Archive, CarriesMapsAndSets) {
  const std::map<std::string, std::vector<Point>> by_name = {{"none", {}}, {"two", {{1, 2}, {3, 4}}}};
  const std::unordered_map<int, std::string> texts = {{1, "one"}, {2, "two"}};
  EXPECT_EQ(arrived(by_name), by_name);
  EXPECT_EQ(arrived(texts), texts);
  EXPECT_EQ(arrived(std::set<std::string>{"a", "b"}), (std::set<std::string>{"a", "b"}));
}

TEST(Archive, CarriesListsAndDeques) {
  EXPECT_EQ(arrived(std::list<std::string>{"a", "b"}), (std::list<std::string>{"a", "b"}));
  EXPECT_EQ(arrived(std::deque<Point>{{1, 2}}), (std::deque<Point>{{1, 2}}));
}

TEST(Archive, CarriesVariants) {
  using Either = std::variant<std::monostate, int, Point>;
  EXPECT_EQ(arrived(Either(Point{1, 2})), Either(Point{1, 2}));
  EXPECT_EQ(arrived(Either()), Either());
}

TEST(Archive, CarriesTimes) {
  const auto instant = std::chrono::system_clock::time_point(1234567ms);
  EXPECT_EQ(arrived(1500us), 1500us);
  EXPECT_EQ(arrived(instant), instant);
}

TEST(Archive, CarriesNumbersInUnusualContainers) {
  EXPECT_EQ(arrived(std::bitset<70>("101")), std::bitset<70>("101"));
  EXPECT_EQ(arrived(std::complex<double>(1, -1)), std::complex<double>(1, -1));
  EXPECT_EQ(arrived(std::valarray<float>{1, 2, 3}).sum(), 6);
}

TEST(Archive, CarriesArraysOfC) {
  struct Board {
    int cells[2][3] = {};
    bool flags[2] = {};
    Point corners[2];
    void serialize(OutputArchive& archive) { archive(cells, flags, corners); }
    void serialize(InputArchive& archive) { archive(cells, flags, corners); }
  };
  Board board;
  board.cells[1][2] = 5;
  board.flags[1] = true;
  board.corners[1] = {6, 7};
  const Board copy = arrived(board);
  EXPECT_EQ(std::tuple(copy.cells[1][2], copy.flags[1], copy.corners[1]), std::tuple(5, true, Point{6, 7}));
}

TEST(Archive, CarriesWhatCanOnlyBeMoved) {
  std::vector<std::unique_ptr<Point>> copy;
  std::vector<std::unique_ptr<Point>> points;
  points.push_back(std::make_unique<Point>(Point{1, 2}));
  points.push_back(nullptr);
  detail::decode(bytes_of(points), copy);
  EXPECT_THAT(copy, testing::ElementsAre(testing::Pointee(Point{1, 2}), testing::IsNull()));
}

TEST(Archive, CarriesTrees) {
  const Tree tree{1, {{2, {}}, {3, {{4, {}}}}}};
  EXPECT_EQ(arrived(tree), tree);
}

TEST(Archive, CarriesAnyNumberOfEmptyObjects) {
  EXPECT_EQ(arrived(std::vector<Empty>(1000)).size(), 1000u);
  EXPECT_EQ(arrived(std::list<SaysNothing>(1000)).size(), 1000u);
  EXPECT_EQ((arrived(std::map<int, Empty>{{1, {}}, {2, {}}}).size()), 2u);
  EXPECT_EQ((arrived(std::vector<std::variant<std::monostate, Empty>>(10)).size()), 10u);
}

TEST(Archive, TakesOneByteForAnEmptyObject) { EXPECT_EQ(bytes_of(Empty()).size(), 1u); }

TEST(Archive, KeepsWhatFollowsAnEmptyObject) {
  const auto value = std::tuple(Empty(), 7, SaysNothing(), std::string("x"));
  EXPECT_EQ(std::get<3>(arrived(value)), "x");
}

TEST(Archive, CarriesDeferredData) { EXPECT_EQ(arrived(Graph{{1, 2}, {{3, 4}}}).edges, (std::vector<Point>{{3, 4}})); }

TEST(Archive, MixesPlainValuesWithOthers) {
  const auto bytes = bytes_of(1, Point{2, 3}, std::string_view("four"));
  int one = 0;
  Point point;
  std::string four;
  detail::decode(bytes, one, point, four);
  EXPECT_EQ(std::tuple(one, point, four), std::tuple(1, Point{2, 3}, std::string("four")));
}

TEST(Archive, AcceptsBoostsOperators) {
  struct Pair {
    int first = 0;
    std::string second;
    void serialize(OutputArchive& archive) { archive << first & second; }
    void serialize(InputArchive& archive) { archive >> first& second; }
  };
  EXPECT_EQ(arrived(Pair{1, "two"}).second, "two");
}

TEST(Archive, CarriesChainsUpToTheNestingLimit) {
  std::unique_ptr<Chain> copy;
  detail::decode(bytes_of(chain_of(100)), copy);
  EXPECT_EQ(copy->value, 99);
}

TEST(Archive, RefusesToWriteWhatIsNestedDeeper) {
  const auto chain = chain_of(kMaxNesting);
  EXPECT_THAT([&] { bytes_of(chain); },
              testing::ThrowsMessage<SerializationError>(testing::HasSubstr("nested more than 500 deep")));
}

TEST(Archive, LetsTheUsersOwnErrorsThrough) {
  struct Refuses {
    void save(OutputArchive&) const { throw std::domain_error("not this one"); }
    void load(InputArchive&) {}
  };
  EXPECT_THROW(bytes_of(Refuses()), std::domain_error);
}

}  // namespace
}  // namespace troupe::test
