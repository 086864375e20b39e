// SPDX-License-Identifier: BSL-1.0
// Pools that are made larger and smaller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "tests/pool/kinds.hpp"

namespace troupe::test {
namespace {

using ::testing::Each;

template <class Kind>
class PoolResize : public KindTest<Kind> {};
TYPED_TEST_SUITE(PoolResize, Kinds, KindNames);

TYPED_TEST(PoolResize, StartsWhatIsMissing) {
  auto pool = this->pool(1);
  pool.resize(3);
  EXPECT_EQ(pool.size(), 3u);
  std::array<Gate, 3> gates;
  std::vector<AsyncResult<int>> at_gates;
  for (const Gate& each : gates) at_gates.push_back(pool.apply_async(fn<&wait_at_gate>, each.path()));
  for (Gate& each : gates) each.wait_reached();  // all at the same time
  for (Gate& each : gates) each.let_go();
  for (const auto& each : at_gates) EXPECT_EQ(each.get(), 1);
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
