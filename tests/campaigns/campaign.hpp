// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

// What the campaigns share: each is a number of cases, a case is a function of its random numbers (and of the machine's
// mood), and after each case nothing may be wrong.
namespace troupe::campaigns {

// A promise that did not hold; ends its case.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class... Args>
void expect(bool holds, fmt::format_string<Args...> what, Args&&... args) {
  if (!holds) throw Broken(fmt::format(what, std::forward<Args>(args)...));
}

using Random = std::mt19937_64;

int uniform(Random& random, int least, int most);
// True one time in `n`.
bool one_in(Random& random, int n);
// For a uniform time: asleep, or awake, which is exact.
void sleep_up_to(Random& random, std::chrono::microseconds most);
void spin_up_to(Random& random, std::chrono::nanoseconds most);

// One run of a campaign, or one client's share of it.
struct Order {
  std::string name;        // for the command that repeats a case
  std::uint64_t seed = 0;  // case i draws its numbers from seed + i
  int cases = 0;
  int first = 0;  // this process's share of them: first, first + stride, …
  int stride = 1;
  int case_cost = 1;  // what --cases counts for one of them
};

// Runs the cases; what one throws is printed with the command that repeats it, and what it left running is killed.
// Returns the number of failed cases.
int run_cases(const Order& order, const std::function<void(Random& random)>& one_case);

// The campaigns: each returns the number of failures in `cases` cases.
int run_kill(std::uint64_t seed, int cases);
int run_manager(std::uint64_t seed, int cases);
int run_client(std::uint64_t seed, int cases);
int run_zygote(std::uint64_t seed, int cases);

// The processes that campaigns start from this same executable; the result is the exit code.
int run_kill_client(std::uint64_t seed, int cases, int number);
int run_client_under_load(const std::string& ledger_path, std::uint64_t seed);

}  // namespace troupe::campaigns
