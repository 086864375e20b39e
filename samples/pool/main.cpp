// SPDX-License-Identifier: BSL-1.0
// A pool of worker processes, and what one does with it: the programs that introduce multiprocessing's Pool, in C++.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <numeric>
#include <random>
#include <tuple>
#include <vector>

int squared(int x) { return x * x; }

int roll(int) {
  static std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> die(1, 6);
  return die(random) + die(random);
}

int times(int x, int y, int z) { return x * y * z; }

void say(const char* what, int number) {
  fmt::print("[{}] {} {}\n", ::getpid(), what, number);
  std::fflush(stdout);
}

void greet_worker() {
  fmt::print("[{}] init\n", ::getpid());
  std::fflush(stdout);
}

int foo(int x) {
  say("Hello", x);
  ::usleep(20'000);
  say("Bye", x);
  return x;
}

int careless(int x) {
  if (x == 2) std::abort();
  return x;
}

std::vector<int> numbers_to(int last) {
  std::vector<int> numbers(static_cast<std::size_t>(last));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  troupe::Pool pool(runtime, {.processes = 2, .initializer = troupe::fn<&greet_worker>});

  // map: in order, whoever did it.
  fmt::print("squares: {}\n", pool.map<&squared>(numbers_to(10)));

  // How often two dice give each sum.
  std::map<int, int> counts;
  for (const int sum : pool.imap_unordered<&roll>(numbers_to(1000), 50)) ++counts[sum];
  fmt::print("sums of two dice: {} different ones\n", counts.size());

  // starmap: each item is a row of arguments.
  const std::vector<std::tuple<int, int, int>> triplets{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  fmt::print("products: {}\n", pool.starmap<&times>(triplets));

  // A lambda may stand where a function may.
  fmt::print("halves: {}\n", pool.map([](int x) { return x / 2.0; }, numbers_to(4)));

  // What one waits for, and what one does not: the order of what is printed.
  fmt::print("Before ...\n");
  std::fflush(stdout);
  for (int x = 0; x < 3; ++x) pool.apply_async<&foo>(x);
  const auto squares = pool.map_async<&squared>(numbers_to(3));
  squares.on_done([&](const auto& result) { fmt::print("[{}] is told {}\n", ::getpid(), result.get()); });
  fmt::print("{}\n", squares.get());
  fmt::print("After ...\n");

  // A worker that dies takes its own task along, and no other.
  for (auto results = pool.imap<&careless>(numbers_to(4));;) {
    try {
      const auto next = results.next();
      if (!next) break;
      fmt::print("done: {}\n", *next);
    } catch (const troupe::WorkerDiedError& error) {
      fmt::print("not done: its worker died of signal {}\n", error.cause().signal);
    }
  }

  pool.close();
  pool.join();
}
