// SPDX-License-Identifier: BSL-1.0
// Pools of processes, held against those of the machine's own Python.
#include "bench.hpp"
#include "child.hpp"
#include "clock.hpp"
#include "processors.hpp"

#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace troupe::bench {

namespace {

using namespace std::chrono_literals;

int add_one(int number) { return number + 1; }

// Some milliseconds of a processor's time.
std::uint64_t burn(std::uint64_t seed) {
  for (int i = 0; i < 2'000'000; ++i) seed = seed * 6364136223846793005u + 1442695040888963407u;
  return seed;
}

int sleep_for_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return ms;
}

struct TwoWorkers {
  Runtime runtime;
  Pool pool{runtime, {.processes = 2}};
};
// A worker, and the thread that asks it, each on a processor of its own.
struct OneWorker {
  OneWorker() { keep_on_one_side(pool.pids().front(), Side::receiver); }

  Runtime runtime;
  Pool pool{runtime, {.processes = 1}};
  OnOneSide client{Side::sender};
};
struct FourWorkers {
  Runtime runtime;
  Pool pool{runtime, {.processes = 4}};
};

std::vector<int> numbers_to(int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

double map_rate(Pool& pool, int count, std::optional<std::ptrdiff_t> chunksize) {
  const auto numbers = numbers_to(count);
  std::vector<int> results;
  const Seconds span = time_of([&] { results = pool.map<&add_one>(numbers, chunksize); });
  if (results.back() != count) throw std::runtime_error("the pool gave wrong results");
  return count / span.count();
}

// What a command prints.
std::string output_of(const std::string& command) {
  std::FILE* output = ::popen(command.c_str(), "r");
  if (output == nullptr) throw std::runtime_error("cannot run " + command);
  std::string text;
  for (int character = 0; (character = std::fgetc(output)) != EOF;) text += static_cast<char>(character);
  ::pclose(output);
  return text;
}

// What a script of Python's prints: one number.
double python(const std::string& body) {
  const std::string script =
      "import time\nfrom multiprocessing import Pool\ndef f(x): return x + 1\nwith Pool(2) as pool:\n" + body;
  return std::stod(output_of("python3 -c '" + script + "'"));
}

double python_map_rate(int count, const std::string& chunksize) {
  return python(
      fmt::format("  pool.map(f, range(1000), 1)\n  items = list(range({}))\n  begin = time.perf_counter()\n"
                  "  pool.map(f, items{})\n  print({} / (time.perf_counter() - begin))\n",
                  count, chunksize, count));
}

double python_apply_us(int count) {
  return python(
      fmt::format("  spans = []\n  for i in range({}):\n    begin = time.perf_counter()\n    pool.apply(f, (i,))\n"
                  "    spans.append(time.perf_counter() - begin)\n  print(sorted(spans)[{}] * 1e6)\n",
                  count, count / 2));
}

double burn_rate(Pool& pool, int tasks) {
  const std::vector<std::uint64_t> seeds(static_cast<std::size_t>(tasks), 1);
  return tasks / time_of([&] { pool.map<&burn>(seeds, 1); }).count();
}

// Two processes that know nothing of each other.
double plain_burn_rate(int tasks) {
  const Seconds span = time_of([&] {
    SocketPair sockets[2];
    std::vector<Child> children;
    for (const auto& each : sockets)
      children.push_back(Child::executed({"troupe-bench", kBurner, std::to_string(tasks / 2)}, each.theirs));
    char byte = 0;
    for (const auto& each : sockets) read_all(each.mine.number(), &byte, 1);
  });
  return tasks / span.count();
}

// One slow task in the middle of a hundred.
double uneven_seconds(Pool& pool, int each_ms, int slow_ms) {
  std::vector<int> tasks(100, each_ms);
  tasks[50] = slow_ms;
  return time_of([&] { pool.map<&sleep_for_ms>(tasks, 1); }).count();
}

}  // namespace

int run_burner(int tasks) {
  std::uint64_t sum = 0;
  for (; tasks > 0; --tasks) sum += burn(1);
  const char byte = sum == 0 ? '0' : '1';
  write_all(3, &byte, 1);
  return 0;
}

std::vector<Row> pool_rows(const Bench& bench) {
  const Shared<TwoWorkers> two;
  const Shared<OneWorker> one;
  const Shared<FourWorkers> four;
  constexpr int kSmall = 50'000;
  const int large = bench.times(5'000'000);
  const int burns = bench.times(200) / 2 * 2;
  std::vector<Row> rows{
      {.name = "pool.speedup",
       .unit = "/s",
       .figure = [=] { return burn_rate(two->pool, burns); },
       .reference_name = "two_processes",
       .reference = [=] { return plain_burn_rate(burns); },
       .bar = at_least(0.95)},
      {.name = "pool.uneven",
       .unit = "s",
       .figure = [=] { return uneven_seconds(four->pool, 5, 50); },
       .reference_name = "ideal",
       .reference = [] { return (99 * 5 + 50) / 4e3; },
       .bar = at_most(1.1)},
  };
  if (output_of("command -v python3").empty()) return rows;
  rows.push_back({.name = "pool.map_chunk1",
                  .unit = "k/s",
                  .figure = [=] { return map_rate(two->pool, kSmall, 1) / 1e3; },
                  .reference_name = "python",
                  .reference = [] { return python_map_rate(kSmall, ", 1") / 1e3; },
                  .bar = at_least(40)});
  rows.push_back({.name = "pool.map_default",
                  .unit = "M/s",
                  .figure = [=] { return map_rate(two->pool, large, {}) / 1e6; },
                  .reference_name = "python",
                  .reference = [=] { return python_map_rate(large, "") / 1e6; },
                  .bar = at_least(10)});
  rows.push_back({.name = "pool.apply",
                  .unit = "us",
                  .figure = [=] { return microseconds(time_each(20'000, [&] { one->pool.apply<&add_one>(1); }).p50_ns); },
                  .reference_name = "python",
                  .reference = [] { return python_apply_us(2000); },
                  .bar = at_most(0.01)});
  return rows;
}

}  // namespace troupe::bench
