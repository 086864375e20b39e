// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <troupe/actor_pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>
#include <vector>

#include "tests/end_to_end/gate.hpp"

namespace troupe::test {

class Worker {
 public:
  Worker() = default;
  // Throws while there is such a file.
  explicit Worker(const std::string& path) {
    if (std::filesystem::exists(path)) throw std::domain_error("there is a file");
  }

  int pid() const { return ::getpid(); }
  int pid_and(const std::string&) const { return ::getpid(); }
  int square(int n) const { return n * n; }
  std::size_t size_of(const std::string& text) const { return text.size(); }
  int count() { return ++count_; }
  int counted() const { return count_; }
  void hold(const std::string& gate) { wait_at(gate); }
  Generator<int> numbers(int count) const {
    for (int i = 0; i < count; ++i) co_yield i;
  }
  int fail(int n) const { throw std::out_of_range("no " + std::to_string(n)); }
  void note(const std::string& path) const { std::ofstream(path, std::ios::app) << "noted\n"; }

 private:
  int count_ = 0;
};

// Both start methods.
class PoolFixture : public testing::RuntimeTest, public ::testing::WithParamInterface<StartMethod> {
 protected:
  ActorPoolOptions options(std::ptrdiff_t size, Routing routing = Routing::round_robin) const {
    ActorPoolOptions options{.size = size, .routing = routing};
    options.spawn.start = GetParam();
    options.backoff = {.first = std::chrono::milliseconds(1), .most = std::chrono::milliseconds(4)};
    return options;
  }
  std::string missing_file() const { return (folder_.path() / "missing").string(); }

 private:
  const TemporaryFolder folder_;
};

inline std::string name_of(const ::testing::TestParamInfo<StartMethod>& info) {
  return info.param == StartMethod::spawn ? "Spawn" : "Forkserver";
}
#define TROUPE_FOR_BOTH_START_METHODS(FIXTURE) \
  INSTANTIATE_TEST_SUITE_P(StartMethods, FIXTURE, ::testing::Values(StartMethod::forkserver, StartMethod::spawn), name_of)

template <class Pool>
std::vector<int> pids(const Pool& pool) {
  std::vector<int> pids;
  for (const auto& each : pool.members()) pids.push_back(each.pid());
  return pids;
}

template <class Pool>
bool has_replaced(const Pool& pool, const Proxy<Worker>& victim) {
  const auto members = pool.members();
  return members.size() == pool.size() && std::find(members.begin(), members.end(), victim) == members.end();
}

// Blocks: until it is so.
template <class Condition>
void until(const Condition& condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace troupe::test
