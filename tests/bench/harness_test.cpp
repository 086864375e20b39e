// SPDX-License-Identifier: BSL-1.0
#include "harness.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace troupe::bench {
namespace {

const auto kAlways = [] { return true; };
const auto kNever = [] { return false; };

// Gives these numbers, one at each call, from the start again after the last.
std::function<double()> in_turn(std::vector<double> numbers) {
  return [numbers = std::move(numbers), next = std::make_shared<std::size_t>(0)] { return numbers[(*next)++ % numbers.size()]; };
}

TEST(Harness, TakesTheMedianOfTheRatiosOfTheRounds) {
  const Row row{.name = "r",
                .unit = "us",
                .figure = in_turn({10, 20, 30, 40, 500}),
                .reference_name = "floor",
                .reference = in_turn({10, 10, 10, 20, 10}),
                .bar = at_most(2)};
  const Outcome outcome = measure(row, kAlways);
  EXPECT_EQ(outcome.ratio, 2);
  EXPECT_EQ(outcome.value, 30);
  EXPECT_EQ(outcome.verdict, Verdict::pass);
}

TEST(Harness, MeasuresAShortRowTwiceMoreAndTakesTheMedianOfTheThree) {
  const Row row{.name = "r", .unit = "ms", .figure = in_turn({9, 1, 2}), .bar = at_most(5), .rounds = 1};
  const Outcome outcome = measure(row, kAlways);
  EXPECT_EQ(outcome.value, 2);
  EXPECT_EQ(outcome.verdict, Verdict::pass);
}

TEST(Harness, StaysShortWithoutTimeForMore) {
  const Row row{.name = "r", .unit = "M/s", .figure = in_turn({1, 9}), .bar = at_least(5), .rounds = 1};
  EXPECT_EQ(measure(row, kNever).verdict, Verdict::short_of_bar);
}

TEST(Harness, SetsTheLeastFigureAgainstTheLeastReference) {
  const Row row{.name = "r",
                .unit = "s",
                .figure = in_turn({4, 3, 5}),
                .reference_name = "other",
                .reference = in_turn({3, 4, 2}),
                .bar = at_most(1.5),
                .rounds = 3,
                .summary = Summary::least};
  EXPECT_EQ(measure(row, kNever).ratio, 1.5);
}

TEST(Harness, CallsARowThatThrowsBroken) {
  const Row row{
      .name = "r", .unit = "us", .figure = []() -> double { throw std::runtime_error("no \"actor\""); }, .bar = at_most(1)};
  const Outcome outcome = measure(row, kAlways);
  EXPECT_EQ(outcome.verdict, Verdict::broken);
  EXPECT_NE(json_of({outcome}, false).find(R"("error": "no \"actor\"")"), std::string::npos);
}

TEST(Harness, KeepsAStageAsLongAsARowHoldsIt) {
  auto stage = std::make_unique<Shared<std::shared_ptr<int>>>();
  **stage = std::make_shared<int>(1);
  const std::weak_ptr<int> inside = **stage;
  auto row =
      std::make_unique<Row>(Row{.name = "r", .unit = "us", .figure = [stage = *stage] { return static_cast<double>(**stage); }});
  stage.reset();
  EXPECT_FALSE(inside.expired());
  row.reset();
  EXPECT_TRUE(inside.expired());
}

}  // namespace
}  // namespace troupe::bench
