// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
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

// What is to be run of a campaign. Some draw their cases at random, others have parts and count the cases of each.
struct Order {
  using TimePoint = std::chrono::steady_clock::time_point;

  std::string name;        // for the command that repeats a case
  std::uint64_t seed = 0;  // case i draws its numbers from seed + i
  int first = 0;
  int cases = 0;  // first, first + 1, …; of each part
  bool is_long = false;
  std::string part{};                // the only one; empty: all
  TimePoint end = TimePoint::max();  // no case begins after it

  bool is_over() const { return std::chrono::steady_clock::now() >= end; }
  bool wants(std::string_view name_of_part) const { return part.empty() || part == name_of_part; }
};

struct Score {
  int cases = 0;
  int failures = 0;

  Score& operator+=(const Score& other);
};

// Runs one case; what it throws is printed with the command that repeats it, and what it left running is killed.
Score run_case(const Order& order, int number, const std::function<void()>& one_case);
// Case by case, each with its own random numbers.
Score run_cases(const Order& order, const std::function<void(Random& random)>& one_case);

Score run_kill(const Order& order);
Score run_restart(const Order& order);
Score run_pool(const Order& order);
Score run_manager(const Order& order);
Score run_client(const Order& order);
Score run_zygote(const Order& order);
Score run_step(const Order& order);
Score run_references(const Order& order);
Score run_matrix(const Order& order);
Score run_faults(const Order& order);
Score run_freeze(const Order& order);
Score run_hostile(const Order& order);

// The processes that campaigns start from this same executable; the result is the exit code.
int run_kill_client(const Order& order, int number);
int run_client_under_load(const std::string& ledger_path, std::uint64_t seed);

}  // namespace troupe::campaigns
