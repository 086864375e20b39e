// SPDX-License-Identifier: BSL-1.0
#include "campaign.hpp"

#include <cstdio>
#include <exception>
#include <thread>

#include "ledger.hpp"
#include "oracle.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

int uniform(Random& random, int least, int most) { return std::uniform_int_distribution<int>(least, most)(random); }

bool one_in(Random& random, int n) { return uniform(random, 1, n) == 1; }

void sleep_up_to(Random& random, std::chrono::microseconds most) {
  std::this_thread::sleep_for(std::chrono::microseconds(uniform(random, 0, static_cast<int>(most.count()))));
}

void spin_up_to(Random& random, std::chrono::nanoseconds most) {
  const auto span = std::chrono::nanoseconds(uniform(random, 0, static_cast<int>(most.count())));
  const auto end = std::chrono::steady_clock::now() + span;
  while (std::chrono::steady_clock::now() < end) {
  }
}

namespace {

void report(const Order& order, int number, const char* what) {
  fmt::print(stderr,
             "campaign {}: case {}{}{} FAILED: {}\n  repeat it: troupe-campaigns {} --seed {} --from {} --cases 1{}{}{}\n",
             order.name, number, order.part.empty() ? "" : " of ", order.part, what, order.name, order.seed, number,
             order.is_long ? " --long" : "", order.part.empty() ? "" : " --part ", order.part);
  std::fflush(stderr);
}

}  // namespace

Score& Score::operator+=(const Score& other) {
  cases += other.cases;
  failures += other.failures;
  return *this;
}

Score run_case(const Order& order, int number, const std::function<void()>& one_case) {
  watchdog().begin_case(order.part.empty() ? order.name : order.name + ", " + order.part, number, order.seed);
  try {
    one_case();
  } catch (const std::exception& error) {
    report(order, number, error.what());
    kill_descendants();
    return {1, 1};
  }
  return {1, 0};
}

Score run_cases(const Order& order, const std::function<void(Random& random)>& one_case) {
  Score score;
  for (int number = order.first; number < order.first + order.cases && !order.is_over(); ++number) {
    Random random(order.seed + static_cast<std::uint64_t>(number));
    score += run_case(order, number, [&] { one_case(random); });
  }
  fmt::print("  calls and their outcomes: {}\n", Ledger::tally());
  return score;
}

}  // namespace troupe::campaigns
