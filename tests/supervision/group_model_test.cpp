// SPDX-License-Identifier: BSL-1.0
// What a group promises, whatever happens to it, in whatever order.
#include <gtest/gtest.h>

#include <random>

#include "group_world.hpp"

namespace troupe::supervision {
namespace {

using namespace std::chrono_literals;

constexpr Strategy kAll[] = {Strategy::one_for_one, Strategy::one_for_all, Strategy::rest_for_one};
constexpr Parting kPartings[] = {Parting::for_now, Parting::for_good};

// So that long stories are about failures rather than about farewells.
unsigned rarity_of(Happening::What what) {
  switch (what) {
    case Happening::What::stopped_for_good:
      return 200;
    case Happening::What::stopped:
    case Happening::What::removed:
    case Happening::What::clean_exit:
      return 10;
    default:
      return 1;
  }
}

class Search {
 public:
  explicit Search(int depth) : depth_(depth) {}

  // Every way on from `world`, up to the depth; after each, all is carried out.
  void explore(const GroupWorld& world, int depth = 0) {
    GroupWorld settled = world;
    settled.settle();
    note(settled);
    if (depth == depth_ || !broken_.empty()) return;
    for (const Happening& happening : world.possible()) {
      GroupWorld next = world;
      next.happen(happening);
      explore(next, depth + 1);
    }
  }

  // One long way from `world`.
  void walk(GroupWorld world, unsigned seed, int steps) {
    std::mt19937 random(seed);
    for (int i = 0; i < steps && world.broken().empty(); ++i) {
      const auto possible = world.possible();
      const Happening& drawn = possible[random() % possible.size()];
      if (random() % rarity_of(drawn.what) == 0) world.happen(drawn);
    }
    world.settle();
    note(world);
  }

  void expect_all_kept() const { EXPECT_EQ(broken_, "") << story_; }
  unsigned worlds() const { return worlds_; }
  unsigned given_up() const { return given_up_; }

 private:
  void note(const GroupWorld& world) {
    ++worlds_;
    given_up_ += world.given_up();
    if (world.broken().empty() || !broken_.empty()) return;
    broken_ = world.broken();
    story_ = world.story();
  }

  int depth_;
  unsigned worlds_ = 0;
  unsigned given_up_ = 0;
  std::string broken_{};
  std::string story_{};
};

TEST(GroupModel, KeepsItsPromisesInEveryShortStory) {
  Search search(5);
  for (const Strategy strategy : kAll) {
    for (const unsigned max : {0u, 1u}) {
      for (const Parting parting : kPartings) {
        search.explore(GroupWorld({.strategy = strategy, .intensity = {max, 10s}}, parting, 2));
      }
    }
    search.explore(GroupWorld({.strategy = strategy, .intensity = {1, 10s}}, Parting::for_good, 3));
  }
  search.expect_all_kept();
  EXPECT_GT(search.given_up(), 1000u);
  RecordProperty("worlds", static_cast<int>(search.worlds()));
}

TEST(GroupModel, KeepsItsPromisesInLongStories) {
  Search search(0);
  for (const Strategy strategy : kAll) {
    for (const unsigned max : {1u, 5u, 1000u}) {
      for (unsigned seed = 0; seed < 300; ++seed) {
        search.walk(GroupWorld({.strategy = strategy, .intensity = {max, 30s}}, Parting::for_now, seed % 4), seed, 200);
      }
    }
  }
  search.expect_all_kept();
  EXPECT_GT(search.given_up(), 1000u);
}

}  // namespace
}  // namespace troupe::supervision
