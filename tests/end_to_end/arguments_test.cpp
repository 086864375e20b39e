// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <array>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors.hpp"

namespace troupe::test {
namespace {

// Counts what is done to it.
struct Traced {
  Traced() = default;
  Traced(const Traced& other) : copies(other.copies + 1), moves(other.moves) {}
  Traced(Traced&& other) noexcept : copies(other.copies), moves(other.moves + 1) {}
  Traced& operator=(const Traced&) = default;
  ~Traced() = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(copies, moves);
  }

  int copies = 0;
  int moves = 0;
};

class Receiver {
 public:
  Receiver() = default;
  explicit Receiver(std::span<const int> values) : numbers(values.begin(), values.end()) {}
  explicit Receiver(std::unique_ptr<int> value) : numbers{*value} {}

  std::size_t length(std::string_view text) { return text.size(); }
  std::size_t wide_length(const std::wstring_view& text) { return text.size(); }
  int sum(std::span<const int> values) const { return std::accumulate(values.begin(), values.end(), 0); }
  int characters(std::span<const char> values) { return static_cast<int>(values.size()); }
  int labels(std::span<const Point> points) {
    return std::accumulate(points.begin(), points.end(), 0,
                           [](int n, const Point& point) { return n + static_cast<int>(point.labels.size()); });
  }
  std::string text(const std::string& text) { return text; }
  int owned(std::optional<std::unique_ptr<int>> value) { return value && *value ? **value : -1; }
  int value(std::unique_ptr<int> value) { return *value; }
  int copies(const Traced& traced) { return traced.copies; }
  int copies_if_any(std::optional<Traced> traced) { return traced->copies; }

  std::vector<int> numbers;
  std::string name;
  std::optional<std::unique_ptr<int>> number;
};

class Arguments : public testing::RuntimeTest {};

TEST_F(Arguments, MayBeViewsOfTextWhereViewsAreWanted) {
  auto actor = runtime().spawn<Receiver>();
  const std::string owner = "owner";
  EXPECT_EQ(actor.call<&Receiver::length>(std::string_view("view")).get(), 4u);
  EXPECT_EQ(actor.call<&Receiver::length>("literal").get(), 7u);
  EXPECT_EQ(actor.call<&Receiver::length>(owner).get(), 5u);
  EXPECT_EQ(actor.call<&Receiver::wide_length>(std::wstring_view(L"wide")).get(), 4u);
  EXPECT_EQ(actor.call<&Receiver::wide_length>(L"wide").get(), 4u);
  EXPECT_EQ(actor.call<&Receiver::text>(std::string_view("view")).get(), "view");
  EXPECT_EQ(owner, "owner");
}

TEST_F(Arguments, MayBeAnythingContiguousWhereASpanIsWanted) {
  auto actor = runtime().spawn<Receiver>();
  int row[] = {1, 2, 3};
  const std::array<int, 3> array{4, 5, 6};
  std::vector<int> vector{7, 8, 9};
  EXPECT_EQ(actor.call<&Receiver::sum>(row).get(), 6);
  EXPECT_EQ(actor.call<&Receiver::sum>(array).get(), 15);
  EXPECT_EQ(actor.call<&Receiver::sum>(std::array<int, 1>{3}).get(), 3);
  EXPECT_EQ(actor.call<&Receiver::sum>(vector).get(), 24);
  EXPECT_EQ(actor.call<&Receiver::sum>(std::vector<int>{1, 2}).get(), 3);
  EXPECT_EQ(actor.call<&Receiver::sum>(std::span<const int>(vector)).get(), 24);
  EXPECT_EQ(actor.call<&Receiver::sum>(std::span<int>(vector).first<2>()).get(), 15);
  EXPECT_EQ(actor.call<&Receiver::characters>(std::span<const char>("four", 4)).get(), 4);
  EXPECT_EQ(actor.call<&Receiver::characters>(std::string("string")).get(), 6);
}

TEST_F(Arguments, MaySpanWhatCerealSerializes) {
  auto actor = runtime().spawn<Receiver>();
  const std::array<Point, 2> points{Point{1, 2, {"a"}}, Point{3, 4, {"b", "c"}}};
  EXPECT_EQ(actor.call<&Receiver::labels>(points).get(), 3);
  EXPECT_EQ(actor.call<&Receiver::labels>(std::span(points).subspan(1)).get(), 2);
  EXPECT_EQ(actor.call<&Receiver::labels>(std::vector<Point>(points.begin(), points.end())).get(), 3);
}

TEST_F(Arguments, ThatAreViewsGoToFunctionsConstructorsAndFields) {
  const std::vector<int> numbers{1, 2, 3};
  auto actor = runtime().spawn<Receiver>(std::span(numbers));
  EXPECT_EQ(actor.get<&Receiver::numbers>().get(), numbers);
  actor.set<&Receiver::numbers>(std::span(numbers).first(2)).get();
  EXPECT_EQ(actor.get<&Receiver::numbers>().get().size(), 2u);
  actor.set<&Receiver::name>(std::string_view("name")).get();
  EXPECT_EQ(actor.get<&Receiver::name>().get(), "name");
  const auto sum = [](const Receiver& receiver, std::span<const int> values, std::string_view text) {
    return receiver.sum(values) + static_cast<int>(text.size());
  };
  EXPECT_EQ(actor.run(sum, std::span<const int, 3>(numbers), std::string_view("four")).get(), 10);
}

TEST_F(Arguments, ThatCanOnlyBeMovedConvert) {
  auto actor = runtime().spawn<Receiver>(std::make_unique<int>(1));
  EXPECT_EQ(actor.get<&Receiver::numbers>().get(), std::vector<int>{1});
  EXPECT_EQ(actor.call<&Receiver::owned>(std::make_unique<int>(2)).get(), 2);
  EXPECT_EQ(actor.call<&Receiver::owned>(std::nullopt).get(), -1);
  EXPECT_EQ(actor.call<&Receiver::value>(std::make_unique<int>(3)).get(), 3);
  EXPECT_EQ(actor.run([](Receiver&, std::unique_ptr<int> number) { return *number; }, std::make_unique<int>(4)).get(), 4);
  actor.set<&Receiver::number>(std::make_unique<int>(5)).get();
  EXPECT_EQ(actor.run([](Receiver& receiver) { return **receiver.number; }).get(), 5);
}

TEST_F(Arguments, ThatTheCallerKeepsAreNeverMovedFrom) {
  auto actor = runtime().spawn<Receiver>();
  auto number = std::make_unique<int>(3);
  auto maybe = std::optional(std::make_unique<int>(4));
  EXPECT_EQ(actor.call<&Receiver::value>(number).get(), 3);
  EXPECT_EQ(actor.call<&Receiver::owned>(maybe).get(), 4);
  EXPECT_EQ(actor.run([](Receiver&, std::unique_ptr<int> each) { return *each; }, number).get(), 3);
  EXPECT_EQ(*number, 3);
  EXPECT_EQ(**maybe, 4);
}

TEST_F(Arguments, OfTheParametersOwnTypeAreNotCopied) {
  auto actor = runtime().spawn<Receiver>();
  const Traced traced;
  EXPECT_EQ(actor.call<&Receiver::copies>(traced).get(), 0);
  EXPECT_EQ(actor.call<&Receiver::copies>(Traced()).get(), 0);
  EXPECT_EQ(actor.run([](Receiver&, const Traced& each) { return each.copies; }, traced).get(), 0);
  EXPECT_EQ(actor.call<&Receiver::copies_if_any>(Traced()).get(), 0);
  EXPECT_EQ(actor.call<&Receiver::copies_if_any>(traced).get(), 1);
}

}  // namespace
}  // namespace troupe::test
