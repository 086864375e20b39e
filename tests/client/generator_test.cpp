// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/generator.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe {
namespace {

using ::testing::ElementsAre;

Generator<int> count(int last) {
  for (int number = 0; number < last; ++number) co_yield number;
}

template <class T>
std::vector<typename Generator<T>::value_type> all_of(Generator<T> generator) {
  std::vector<typename Generator<T>::value_type> values;
  for (auto&& value : generator) values.push_back(std::forward<decltype(value)>(value));
  return values;
}

TEST(Generator, GivesItsValuesInTheirOrder) {
  EXPECT_THAT(all_of(count(3)), ElementsAre(0, 1, 2));
  EXPECT_THAT(all_of(count(0)), ElementsAre());
  EXPECT_THAT(all_of(Generator<int>()), ElementsAre()) << "an empty one";
}

TEST(Generator, RunsOnlyWhenItIsAsked) {
  int steps = 0;
  const auto step = [](int& count) -> Generator<int> {
    for (;;) co_yield ++count;
  };
  auto generator = step(steps);
  EXPECT_EQ(steps, 0);
  auto at = generator.begin();
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(*at, 1);
  EXPECT_EQ(*at, 1);
  ++at;
  EXPECT_EQ(steps, 2);
}

TEST(Generator, ThrowsAnErrorInItsPlaceAndEnds) {
  const auto fail = []() -> Generator<int> {
    co_yield 1;
    throw std::out_of_range("no more");
  };
  auto generator = fail();
  auto at = generator.begin();
  EXPECT_EQ(*at, 1);
  EXPECT_THROW(++at, std::out_of_range);
  EXPECT_TRUE(at == generator.end());
}

TEST(Generator, DestroysWhatItHasWhereverItStands) {
  const auto shared = std::make_shared<int>();
  const auto hold = [](std::shared_ptr<int> held) -> Generator<int> {
    for (;;) co_yield *held;
  };
  {
    auto unstarted = hold(shared);
    auto started = hold(shared);
    started.begin();
    EXPECT_EQ(shared.use_count(), 3);
    started = std::move(unstarted);
    EXPECT_EQ(shared.use_count(), 2);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(Generator, LeavesTheCoroutineItsOwnVariables) {
  const auto twice = []() -> Generator<std::string> {
    const std::string text = "a text that is too long to be stored in place";
    std::string other = text;
    co_yield text;
    co_yield other;
    co_yield std::move(other);
    EXPECT_EQ(other, "") << "that one was given away";
    co_yield "and this";
  };
  const auto texts = all_of(twice());
  EXPECT_THAT(texts, ElementsAre(texts[0], texts[0], texts[0], "and this"));
}

TEST(Generator, OfReferencesGivesThemselves) {
  const auto references = [](std::vector<int>& numbers) -> Generator<int&> {
    for (int& number : numbers) co_yield number;
  };
  std::vector<int> numbers{1, 2};
  for (int& number : references(numbers)) number *= 10;
  EXPECT_THAT(numbers, ElementsAre(10, 20));
}

TEST(Generator, OfWhatCanOnlyBeMoved) {
  const auto make = []() -> Generator<std::unique_ptr<int>> {
    for (int number = 0; number < 2; ++number) co_yield std::make_unique<int>(number);
  };
  const auto all = all_of(make());
  EXPECT_EQ(*all[1], 1);
}

}  // namespace
}  // namespace troupe
