// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include "campaign.hpp"
#include "false_start.hpp"
#include "fates.hpp"
#include "ledger.hpp"
#include "oracle.hpp"
#include "pool_matrix.hpp"
#include "scene.hpp"
#include "stage.hpp"

// Each way to come to harm in each place, asked for by a thread, a callback and a coroutine. A part is a place; case i of it is
// the harm and the asker of i's remainder.
namespace troupe::campaigns {

namespace {

constexpr int kCells = static_cast<int>(kHarms) * kAskers;  // of one place
constexpr int kLongRounds = 25;

struct Cell {
  Harm harm;
  Place place;
  Asker asker;
};

Cell cell_of(int number, Place place) {
  return {static_cast<Harm>(number % kCells / kAskers), place, static_cast<Asker>(number % kAskers)};
}

// For what never comes up: many times what it takes, at this moment, to come up and to end.
std::chrono::milliseconds time_to_start() {
  using Clock = std::chrono::steady_clock;
  constexpr int kManyTimes = 30;
  constexpr std::chrono::milliseconds kLeast(500), kMost(10'000);
  const auto begin = Clock::now();
  Stage({}).expect_goes_on();
  return std::clamp(kManyTimes * std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin), kLeast, kMost);
}

void play(const Cell& cell, Random& random) {
  const Expected expected = expected_of(cell.harm, cell.place);
  RuntimeOptions options;
  if (!comes_up(cell.place) && fate_of(cell.harm, cell.place) == Fate::hangs) options.start_timeout = time_to_start();
  Stage stage(options);
  if (comes_up(cell.place)) {
    Scene scene(stage, cell.harm, cell.place, cell.asker, random);
    expect_told(stage.ask(cell.asker, [&] { return scene.come_to_harm(); }), expected);
    scene.expect_end();
  } else {
    const FalseStart false_start{cell.harm, cell.place, cell.asker};
    expect_told(stage.ask(cell.asker, [&] { return come_to_harm_at_start(stage, false_start, options, random); }), expected);
  }
  stage.expect_goes_on();
}

void run_cell(const Cell& cell, Random& random) {
  const Oracle oracle;
  try {
    play(cell, random);
  } catch (const std::exception& error) {
    throw Broken(
        fmt::format("{}, {}, asked for by a {}: {}", name_of(cell.place), name_of(cell.harm), name_of(cell.asker), error.what()));
  }
  oracle.expect_nothing_left();
}

using Table = std::array<std::array<Score, kPlaces>, kHarms>;

Score run_part(Place place, Order order, Table& table) {
  order.part = name_of(place);
  const int end = order.is_long ? kCells * kLongRounds : kCells;
  Score score;
  for (int number = order.first; number < end && number - order.first < order.cases && !order.is_over(); ++number) {
    const Cell cell = cell_of(number, place);
    Random random(order.seed + static_cast<std::uint64_t>(number));
    const Score one = run_case(order, number, [&] { run_cell(cell, random); });
    table[static_cast<std::size_t>(cell.harm)][static_cast<std::size_t>(place)] += one;
    score += one;
  }
  fmt::print("  {}: {} cases, {} failures\n", order.part, score.cases, score.failures);
  std::fflush(stdout);
  return score;
}

// What came of each, where that was what is expected.
void print(const Table& table) {
  fmt::print("{:14}", "");
  for (std::size_t place = 0; place < kPlaces; ++place) fmt::print("{:>14}", name_of(static_cast<Place>(place)));
  for (std::size_t harm = 0; harm < kHarms; ++harm) {
    fmt::print("\n{:14}", name_of(static_cast<Harm>(harm)));
    for (std::size_t place = 0; place < kPlaces; ++place) {
      const Score& score = table[harm][place];
      const char* fate = name_of(fate_of(static_cast<Harm>(harm), static_cast<Place>(place)));
      fmt::print("{:>14}", score.cases == 0 ? "-" : score.failures != 0 ? "FAILED" : fate);
    }
  }
  fmt::print("\n");
}

}  // namespace

Score run_matrix(const Order& order) {
  Table table{};
  Score score;
  for (std::size_t place = 0; place < kPlaces; ++place) {
    if (order.wants(name_of(static_cast<Place>(place)))) score += run_part(static_cast<Place>(place), order, table);
  }
  score += run_matrix_of_pools(order);
  print(table);
  fmt::print("  calls and their outcomes: {}\n", Ledger::tally());
  return score;
}

}  // namespace troupe::campaigns
