// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/executor.hpp>
#include <troupe/pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <functional>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/end_to_end/gate.hpp"

// The kinds of pools and executors that keep the same promises, and what their tests have them do.
namespace troupe::test {

template <StartMethod kStart>
struct Processes {
  static constexpr const char* kName = kStart == StartMethod::forkserver ? "ByFork" : "ByExec";
  static constexpr int kMany = kStart == StartMethod::forkserver ? 200 : 40;
  static constexpr bool kIsLocal = false;
  using Pool = troupe::Pool;
  using Executor = ProcessPoolExecutor;
  using Initializer = detail::WorkerInitializer;

  static Pool pool(Runtime& runtime, std::optional<int> workers, Initializer initializer = {}, std::optional<int> most = {}) {
    return Pool(runtime, {.processes = workers, .initializer = initializer, .max_tasks_per_child = most, .start = kStart});
  }
  static Executor executor(Runtime& runtime, int workers, Initializer initializer = {}, std::optional<int> most = {}) {
    return Executor(runtime, {.max_workers = workers, .initializer = initializer, .max_tasks_per_child = most, .start = kStart});
  }
};

struct Threads {
  static constexpr const char* kName = "Threads";
  static constexpr int kMany = 200;
  static constexpr bool kIsLocal = true;
  using Pool = ThreadPool;
  using Executor = ThreadPoolExecutor;
  using Initializer = std::function<void()>;

  static Pool pool(std::optional<int> workers, Initializer initializer = {}, std::optional<int> most = {}) {
    return Pool({.threads = workers, .initializer = std::move(initializer), .max_tasks_per_child = most});
  }
  static Executor executor(int workers, Initializer initializer = {}, std::optional<int> most = {}) {
    return Executor({.max_workers = workers, .initializer = std::move(initializer), .max_tasks_per_child = most});
  }
};

using Kinds = ::testing::Types<Processes<StartMethod::forkserver>, Processes<StartMethod::spawn>, Threads>;
struct KindNames {
  template <class Kind>
  static std::string GetName(int) {  // NOLINT(readability-identifier-naming): so GoogleTest calls it
    return Kind::kName;
  }
};

template <class Kind>
class KindTest : public testing::RuntimeTest {
 protected:
  template <class... Options>
  typename Kind::Pool pool(Options&&... options) {
    if constexpr (Kind::kIsLocal) {
      return Kind::pool(std::forward<Options>(options)...);
    } else {
      return Kind::pool(runtime(), std::forward<Options>(options)...);
    }
  }
  template <class... Options>
  typename Kind::Executor executor(Options&&... options) {
    if constexpr (Kind::kIsLocal) {
      return Kind::executor(std::forward<Options>(options)...);
    } else {
      return Kind::executor(runtime(), std::forward<Options>(options)...);
    }
  }
  // That a pool which has been joined has no worker any more; of threads the fixture sees that.
  void expect_no_worker() {
    if constexpr (!Kind::kIsLocal) {
      EXPECT_THAT(runtime().actors(), ::testing::IsEmpty());
    }
  }
};

inline int square(int number) { return number * number; }
inline int sum(int a, int b) { return a + b; }
inline std::string greet(const std::string& name) { return "hello, " + name; }
inline int own_thread() { return ::gettid(); }  // another one in each worker
inline void nothing(int) {}
inline int fail_at_three(int number) {
  if (number == 3) throw std::out_of_range("three");
  return number;
}
inline int refuse(int number) { throw std::runtime_error("no " + std::to_string(number)); }
inline int wait_at_gate(const std::string& gate) {
  wait_at(gate);
  return 1;
}
inline void fail_to_initialize() { throw std::domain_error("this worker does not work"); }

inline std::vector<int> numbers_to(int last) {
  std::vector<int> numbers(static_cast<std::size_t>(last));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

}  // namespace troupe::test
