// SPDX-License-Identifier: BSL-1.0
// Workers that cannot be replaced, for a while or at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kVariable = "TROUPE_TEST_FAILING_STARTS";

int square(int number) { return number * number; }
int die_of(int signal_number) { return ::raise(signal_number); }

// A file that says how often the initializer has to fail, and when it did, in nanoseconds.
std::vector<std::int64_t> numbers_in(const std::string& path) {
  std::vector<std::int64_t> numbers;
  std::ifstream file(path);
  for (std::int64_t number = 0; file >> number;) numbers.push_back(number);
  return numbers;
}

void fail_as_often_as_told() {
  const std::string path = std::getenv(kVariable);
  const auto numbers = numbers_in(path);
  if (numbers.empty() || numbers.size() > static_cast<std::size_t>(numbers.front())) return;
  std::ofstream(path, std::ios::app) << ' ' << std::chrono::steady_clock::now().time_since_epoch().count();
  throw std::runtime_error("this worker cannot work now");
}

class PoolStarts : public testing::RuntimeTest {
 protected:
  PoolStarts() { ::setenv(kVariable, file_.c_str(), 1); }
  ~PoolStarts() override {
    ::unsetenv(kVariable);
    std::filesystem::remove(file_);
  }
  void fail(int times) const { std::ofstream(file_) << times; }
  std::vector<std::int64_t> failures() const {
    auto numbers = numbers_in(file_);
    numbers.erase(numbers.begin());
    return numbers;
  }

 private:
  const std::string file_ = std::filesystem::temp_directory_path() / ("troupe-test-starts-" + std::to_string(::getpid()));
};

TEST_F(PoolStarts, ThatFailAreTriedAgainAfterPausesThatGrowAndThenThePoolIsBroken) {
  Runtime own;  // that has the variable
  Pool pool(own, {.processes = 1, .initializer = fn<&fail_as_often_as_told>});
  fail(100);
  EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
  try {
    pool.apply_async<&square>(2).get();
    ADD_FAILURE() << "it has no worker";
  } catch (const BrokenExecutorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("this worker cannot work now"));
  }
  const auto when = failures();
  ASSERT_EQ(when.size(), 5u);
  std::chrono::nanoseconds pause = std::chrono::milliseconds(100);
  for (std::size_t i = 1; i < when.size(); ++i, pause *= 2) EXPECT_GE(when[i] - when[i - 1], pause.count());
  EXPECT_THROW(pool.apply<&square>(2), BrokenExecutorError);
}

TEST_F(PoolStarts, ThatFailForAWhileLoseNothing) {
  Runtime own;  // that has the variable
  Pool pool(own, {.processes = 2, .initializer = fn<&fail_as_often_as_told>});
  fail(3);
  for (int worker = 0; worker < 2; ++worker) EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
  for (int number = 0; number < 100; ++number) EXPECT_EQ(pool.apply_async<&square>(number).get(), number * number);
}

TEST_F(PoolStarts, AreNotWaitedForByWhoTerminates) {
  Runtime own;  // that has the variable
  Pool pool(own, {.processes = 1, .initializer = fn<&fail_as_often_as_told>});
  fail(100);
  EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
  const auto waiting = pool.apply_async<&square>(2);
  pool.terminate();
  pool.join();
  EXPECT_THROW(waiting.get(), PoolTerminated);
}

}  // namespace
}  // namespace troupe::test
