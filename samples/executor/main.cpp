// SPDX-License-Identifier: BSL-1.0
// Two executors under the names of Python's concurrent.futures: one of threads, for what waits, and one of processes, for what
// computes or may crash. The same function runs in both.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

std::string say_hello(const std::string& name) {
  if (name.empty()) throw std::invalid_argument("nobody is there");
  return "hello, " + name;
}

int pid_of_worker(const std::string&) { return ::getpid(); }

bool is_prime(long number) {
  for (long divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return number > 1;
}

const std::vector<std::string> names{"Tim", "Sarah", "Robert"};

// What both can do; the verbs are the same.
template <class Executor>
void greet_with(const char* kind, Executor& executor) {
  fmt::print("-- with {}\n", kind);

  // map: results in order, as they are gone through.
  for (const auto& greeting : executor.map(troupe::fn<&say_hello>, names)) fmt::print("{}\n", greeting);

  // submit: a future, whose exception is kept for whoever asks.
  const auto future = executor.submit(troupe::fn<&say_hello>, "");
  try {
    future.get();
  } catch (const std::invalid_argument& error) {
    fmt::print("no greeting: {}\n", error.what());
  }

  // As they are done.
  std::vector<troupe::AsyncResult<std::string>> greetings;
  for (const auto& name : names) greetings.push_back(executor.submit(troupe::fn<&say_hello>, name));
  std::size_t length = 0;
  for (const auto& greeting : troupe::as_completed(greetings)) length += greeting.get().size();
  fmt::print("{} letters\n", length);

  const int pid = executor.submit(troupe::fn<&pid_of_worker>, "me").get();
  fmt::print("the worker is {}\n", pid == ::getpid() ? "a thread of this process" : "another process");
}

// Threads see what the program sees, so a function may capture.
void wait_in_threads(troupe::ThreadPoolExecutor& threads) {
  std::vector<std::string> pages(3);
  std::vector<troupe::AsyncResult<void>> downloads;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    downloads.push_back(threads.submit([&pages, i] {
      std::this_thread::sleep_for(1ms);  // the network
      pages[i] = fmt::format("page {}", i);
    }));
  }
  troupe::wait(downloads);
  fmt::print("{}\n", pages);

  // A task may wait for others of its executor, however few threads that has.
  const int total = threads.submit([&] { return threads.submit([] { return 20; }).get() + 22; }).get();
  fmt::print("nested: {}\n", total);
}

// Processes compute side by side, and one that crashes takes its own task along.
void compute_in_processes(troupe::ProcessPoolExecutor& processes) {
  const std::vector<long> numbers{999999999989, 1000000000001, 1000000000039, 1000000000061};
  int primes = 0;
  for (const bool each : processes.map<&is_prime>(numbers)) primes += each ? 1 : 0;
  fmt::print("{} of {} are primes\n", primes, numbers.size());

  const auto crash = processes.submit([] { std::abort(); });
  try {
    crash.get();
  } catch (const troupe::WorkerDiedError& error) {
    fmt::print("a worker died of signal {}, and nobody else\n", error.cause().signal);
  }
}

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  troupe::ThreadPoolExecutor threads({.max_workers = 2});
  troupe::ProcessPoolExecutor processes(runtime, {.max_workers = 2});
  greet_with("threads", threads);
  greet_with("processes", processes);
  wait_in_threads(threads);
  compute_in_processes(processes);
}
