// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <gtest/gtest.h>

#include <troupe/options.hpp>
#include <troupe/runtime.hpp>
#include <troupe/testing/holdings.hpp>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::testing {

// Fails the test in which its life ends if something is left that was not there when it began: processes below this one, threads,
// open handles, shared memory that is mapped, names in /dev/shm; or if a handle that was open then no longer is. The failure
// lists them. Declare it before what is to be gone. (Names in /dev/shm are the machine's: one that another program has made
// meanwhile is listed, too.) Blocks, at its end: while there are more processes or threads than before, as long as its patience
// lasts.
class NothingLeftBehind {
 public:
  explicit NothingLeftBehind(std::chrono::milliseconds patience = std::chrono::seconds(10))
      : before_(Holdings::now()), patience_(patience) {}
  ~NothingLeftBehind() {
    const std::string left = left_behind(before_, patience_);
    if (!left.empty()) ADD_FAILURE() << "the test left behind:" << left;
  }
  NothingLeftBehind(const NothingLeftBehind&) = delete;
  NothingLeftBehind& operator=(const NothingLeftBehind&) = delete;

 private:
  const Holdings before_;
  const std::chrono::milliseconds patience_;
};

// A fixture with a runtime of the test's own, made when it is first asked for, and ended in TearDown (a TearDown of a derived
// class calls this one last). When the fixture's own members have gone, too, nothing may be left behind.
class RuntimeTest : public ::testing::Test {
 public:
  RuntimeTest() = default;
  explicit RuntimeTest(RuntimeOptions options) : options_(options) {}

 protected:
  void TearDown() override { runtime_.reset(); }

  // Until TearDown; in any thread. Errors: StartError; std::logic_error when main has no guard (troupe::testing_main has one).
  Runtime& runtime() {
    std::call_once(is_made_, [this] { runtime_.emplace(options_); });
    return *runtime_;
  }

 private:
  const NothingLeftBehind nothing_left_behind_;  // ends last
  const RuntimeOptions options_{};
  std::once_flag is_made_;
  std::optional<Runtime> runtime_;
};

}  // namespace troupe::testing
