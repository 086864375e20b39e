// SPDX-License-Identifier: BSL-1.0
// Pools that are made larger and smaller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using ::testing::Each;

// While it exists, no worker can be initialized. Its name is the test's and its workers': who starts first gives it.
const int stop_is_named = ::setenv(
    "TROUPE_TEST_STOP", (std::filesystem::temp_directory_path() / ("troupe-stop-" + std::to_string(::getpid()))).c_str(), 0);
const char* stop_file() { return std::getenv("TROUPE_TEST_STOP"); }

template <class AnyPool>
void expect_three_at_a_time(AnyPool& pool) {
  std::array<Gate, 3> gates;
  std::vector<AsyncResult<int>> at_gates;
  for (const Gate& each : gates) at_gates.push_back(pool.apply_async(fn<&wait_at_gate>, each.path()));
  for (Gate& each : gates) each.wait_reached();  // all at the same time
  for (Gate& each : gates) each.let_go();
  for (const auto& each : at_gates) EXPECT_EQ(each.get(), 1);
}

template <class Kind>
class PoolResize : public KindTest<Kind> {};
TYPED_TEST_SUITE(PoolResize, Kinds, KindNames);

TYPED_TEST(PoolResize, StartsWhatIsMissing) {
  auto pool = this->pool(1);
  pool.resize(3);
  EXPECT_EQ(pool.size(), 3u);
  expect_three_at_a_time(pool);
}

TYPED_TEST(PoolResize, GivesNothingToThoseThatAreTooMany) {
  auto pool = this->pool(4);
  pool.resize(1);
  EXPECT_EQ(pool.size(), 1u);
  const auto threads = pool.map([](int) { return own_thread(); }, numbers_to(50), 1);
  EXPECT_THAT(threads, Each(threads.front()));
}

TYPED_TEST(PoolResize, InitializesWhatItStarts) {
  static thread_local bool was_initialized = false;
  auto pool = this->pool(1, [] { was_initialized = true; });
  for (const int size : {2, 1, 3, 2}) {
    pool.resize(size);
    EXPECT_THAT(pool.map([](int) { return was_initialized ? 1 : 0; }, numbers_to(20), 1), Each(1));
  }
}

TYPED_TEST(PoolResize, LosesNothing) {
  auto pool = this->pool(2);
  const auto squares = pool.map_async(fn<&square>, numbers_to(2000), 1);
  for (const int size : {4, 1, 3, 1, 2}) pool.resize(size);
  const auto& values = squares.get();
  for (int number = 0; number < 2000; ++number) ASSERT_EQ(values[static_cast<std::size_t>(number)], number * number);
}

TYPED_TEST(PoolResize, MayBeDoneInACallback) {
  auto pool = this->pool(1);
  const auto squared = pool.apply_async(fn<&square>, 3);
  squared.on_done([&pool](const AsyncResult<int>&) { pool.resize(2); });
  EXPECT_EQ(squared.get(), 9);
  EXPECT_EQ(pool.size(), 2u);
}

TYPED_TEST(PoolResize, IsNotToLessThanOne) {
  auto pool = this->pool(1);
  EXPECT_THROW(pool.resize(0), std::invalid_argument);
  EXPECT_THROW(pool.resize(-1), std::invalid_argument);
  EXPECT_EQ(pool.size(), 1u);
}

TYPED_TEST(PoolResize, IsNotAfterTheEnd) {
  auto pool = this->pool(1);
  pool.close();
  EXPECT_THROW(pool.resize(2), PoolStateError);
  pool.terminate();
  EXPECT_THROW(pool.resize(2), PoolStateError);
}

TYPED_TEST(PoolResize, TriesAgainWhatCouldNotBeStarted) {
  auto pool = this->pool(1, [] {
    if (!std::filesystem::exists(stop_file())) return;
    std::ofstream(stop_file(), std::ios::app) << "a try";
    throw std::domain_error("not now");
  });
  std::ofstream(stop_file()).flush();
  pool.resize(2);  // the second one cannot be, and is given up after five tries
  while (std::filesystem::file_size(stop_file()) < 5 * std::string("a try").size()) std::this_thread::yield();
  for (int number = 0; number < 20'000; ++number) ASSERT_EQ(pool.apply(fn<&square>, 3), 9);  // the pool hears of the last
  std::filesystem::remove(stop_file());
  pool.resize(3);
  expect_three_at_a_time(pool);
}

TYPED_TEST(PoolResize, GoesOnWhileItEnds) {
  for (int round = 0; round < 20; ++round) {
    auto pool = this->pool(1);
    pool.resize(3);
    pool.resize(1);
    pool.resize(2);
  }
  this->expect_no_worker();
}

}  // namespace
}  // namespace troupe::test
