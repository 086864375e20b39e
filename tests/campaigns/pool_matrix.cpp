// SPDX-License-Identifier: BSL-1.0
#include "pool_matrix.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "load.hpp"
#include "oracle.hpp"
#include "stage.hpp"
#include "tests/pool/fuse.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

constexpr int kLongRounds = 25;

struct PoolCell {
  test::Fuse fuse;
  Asker asker;
};

std::vector<PoolCell> all_cells() {
  std::vector<PoolCell> cells;
  for (const auto& fuse : test::all_fuses()) {
    for (const Asker asker : {Asker::thread, Asker::callback}) cells.push_back({fuse, asker});
  }
  return cells;
}

// Tasks that do no harm, and what they must give.
template <class Two>
class Harmless {
 public:
  explicit Harmless(Two& pool) : pool_(pool) {}

  void send_some(Random& random) {
    for (int i = uniform(random, 0, 30); i > 0; --i) {
      const int number = uniform(random, 0, 1000);
      sent_.emplace_back(number, pool_.square(number));
    }
  }
  void expect_all() const {
    const Step step("waiting for the tasks beside the one that failed");
    for (const auto& [number, result] : sent_) expect(result.get() == number * number, "a task gave a wrong value");
  }

 private:
  Two& pool_;
  std::vector<std::pair<int, AsyncResult<int>>> sent_;
};

// What harm to a worker gives depends on the pool; what fails in either process without harm to it, on the place.
template <class Two>
void expect_failure(const AsyncResult<test::Fuse>& result, const test::Fuse& fuse) {
  const Step step("waiting for the task that fails");
  try {
    result.get();
  } catch (const typename Two::Died& error) {
    return expect(fuse.kills() && error.execution() == Execution::maybe, "it was said to have died: {}", error.what());
  } catch (const SerializationError& error) {
    return expect(!fuse.kills() && fuse.place != test::FusePlace::run, "it was said not to cross: {}", error.what());
  } catch (const std::exception& error) {
    return expect(!fuse.kills() && std::string(error.what()).find("this is how it fails") != std::string::npos,
                  "it failed otherwise: {}", error.what());
  }
  throw Broken("a task that comes to harm has a value");
}

template <class Two>
void play(const PoolCell& cell, Random& random) {
  Runtime runtime;
  {
    Two pool(runtime);
    Harmless<Two> others(pool);
    others.send_some(random);
    const auto failed = test::burn(pool, cell.fuse, cell.asker == Asker::callback);
    others.send_some(random);
    expect_failure<Two>(failed, cell.fuse);
    others.expect_all();
    Harmless<Two> later(pool);
    later.send_some(random);
    later.expect_all();
  }
  expect_shutdown(runtime);
}

template <class Two>
void run_cell(const PoolCell& cell, Random& random) {
  const Oracle oracle;
  try {
    play<Two>(cell, random);
  } catch (const std::exception& error) {
    throw Broken(
        fmt::format("{} of a {}, asked for by a {}: {}", cell.fuse.name(), Two::kName, name_of(cell.asker), error.what()));
  }
  oracle.expect_nothing_left();
}

template <class Two>
Score run_part(Order order) {
  if (!order.wants(Two::kName)) return {};
  order.part = Two::kName;
  const std::vector<PoolCell> cells = all_cells();
  const auto count = static_cast<int>(cells.size());
  const int end = order.is_long ? count * kLongRounds : count;
  Score score;
  for (int number = order.first; number < end && number - order.first < order.cases && !order.is_over(); ++number) {
    const PoolCell& cell = cells[static_cast<std::size_t>(number % count)];
    Random random(order.seed + static_cast<std::uint64_t>(number));
    score += run_case(order, number, [&] { run_cell<Two>(cell, random); });
  }
  fmt::print("  {}: {} cases, {} failures\n", order.part, score.cases, score.failures);
  std::fflush(stdout);
  return score;
}

}  // namespace

Score run_matrix_of_pools(const Order& order) {
  Score score = run_part<test::TwoWorkers>(order);
  score += run_part<test::TwoMembers>(order);
  return score;
}

}  // namespace troupe::campaigns
