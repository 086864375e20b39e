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
  fmt::print(stderr, "campaign {}: case {} FAILED: {}\n  repeat it: troupe-campaigns {} --seed {} --cases {}\n", order.name,
             number, what, order.name, order.seed + static_cast<std::uint64_t>(number), order.case_cost * order.stride);
  std::fflush(stderr);
}

}  // namespace

int run_cases(const Order& order, const std::function<void(Random& random)>& one_case) {
  int failures = 0;
  for (int number = order.first; number < order.cases; number += order.stride) {
    watchdog().begin_case(order.name, number, order.seed + static_cast<std::uint64_t>(number));
    Random random(order.seed + static_cast<std::uint64_t>(number));
    try {
      one_case(random);
    } catch (const std::exception& error) {
      ++failures;
      report(order, number, error.what());
      kill_descendants();
    }
  }
  fmt::print("  calls and their outcomes: {}\n", Ledger::tally());
  return failures;
}

}  // namespace troupe::campaigns
