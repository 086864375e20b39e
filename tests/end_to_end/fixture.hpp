// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <gtest/gtest.h>

#include <troupe/troupe.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace troupe::test {

// What this process holds of the system's things.
struct Holdings {
  std::size_t handles = 0;
  std::size_t threads = 0;
  std::size_t shared_mappings = 0;
  std::size_t children = 0;
  std::size_t named_memory = 0;

  static Holdings now() {
    namespace fs = std::filesystem;
    const auto count = [](const char* directory) {
      std::error_code ignored;
      return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory, ignored), fs::directory_iterator()));
    };
    Holdings found;
    found.handles = count("/proc/self/fd");
    found.threads = count("/proc/self/task");
    found.named_memory = count("/dev/shm");
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) found.shared_mappings += line.find("/memfd:") != std::string::npos;
    for (const auto& task : fs::directory_iterator("/proc/self/task")) {
      std::ifstream children(task.path() / "children");
      found.children +=
          static_cast<std::size_t>(std::distance(std::istream_iterator<int>(children), std::istream_iterator<int>()));
    }
    return found;
  }

  friend bool operator==(const Holdings&, const Holdings&) = default;
  friend void PrintTo(const Holdings& held, std::ostream* out) {
    *out << held.handles << " handles, " << held.threads << " threads, " << held.shared_mappings << " shared mappings, "
         << held.children << " children, " << held.named_memory << " in /dev/shm";
  }
};

// After each test nothing may be left: no process, handle, thread, mapping, shared memory. The runtime is the test's own.
class EndToEnd : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(Holdings::now(), before_); }

 private:
  const Holdings before_ = Holdings::now();
};

// With a runtime that ends before the look at what is left.
class WithRuntime : public EndToEnd {
 protected:
  void SetUp() override { runtime_.emplace(); }
  void TearDown() override {
    runtime_.reset();
    EndToEnd::TearDown();
  }
  Runtime& runtime() { return *runtime_; }

 private:
  std::optional<Runtime> runtime_;
};

}  // namespace troupe::test
