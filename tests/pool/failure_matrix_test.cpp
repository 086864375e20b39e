// SPDX-License-Identifier: BSL-1.0
// Each way in which one task may fail (fuse.hpp), among others that do not.
#include <gtest/gtest.h>

#include <troupe/testing.hpp>

#include <exception>
#include <string>
#include <tuple>
#include <vector>

#include "tests/pool/fuse.hpp"

namespace troupe::test {
namespace {

using Case = std::tuple<Fuse, bool>;

std::string name_of(const ::testing::TestParamInfo<Case>& each) {
  const auto& [fuse, from_callback] = each.param;
  return fuse.name() + (from_callback ? "FromACallback" : "");
}

class PoolFailure : public testing::RuntimeTest, public ::testing::WithParamInterface<Case> {
 protected:
  template <class Two>
  void expect_fails_alone(Two pool) {
    const auto [fuse, from_callback] = GetParam();
    std::vector<AsyncResult<int>> others;
    for (int number = 0; number < 50; ++number) others.push_back(pool.square(number));
    const AsyncResult<Fuse> failed = burn(pool, fuse, from_callback);
    for (int number = 50; number < 100; ++number) others.push_back(pool.square(number));
    if (fuse.kills()) {
      EXPECT_THROW(failed.get(), typename Two::Died);
    } else {
      EXPECT_THROW(failed.get(), std::exception);
    }
    for (int number = 0; number < 100; ++number) EXPECT_EQ(others[static_cast<std::size_t>(number)].get(), number * number);
    EXPECT_EQ(pool.square(3).get(), 9);
  }
};
INSTANTIATE_TEST_SUITE_P(Pools, PoolFailure, ::testing::Combine(::testing::ValuesIn(all_fuses()), ::testing::Bool()), name_of);

TEST_P(PoolFailure, C36_FailsItsTaskAndNoOther) { expect_fails_alone(TwoWorkers(runtime())); }

TEST_P(PoolFailure, FailsItsCallOfAnActorPoolAndNoOther) { expect_fails_alone(TwoMembers(runtime())); }

}  // namespace
}  // namespace troupe::test
