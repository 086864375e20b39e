// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <stdexcept>
#include <vector>

#include "actors.hpp"

namespace troupe::test {
namespace {

// While it lives, this process can hold that many handles.
class HandleLimit {
 public:
  explicit HandleLimit(rlim_t count) {
    ::getrlimit(RLIMIT_NOFILE, &former_);
    const rlimit tight{count, former_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~HandleLimit() { ::setrlimit(RLIMIT_NOFILE, &former_); }
  HandleLimit(const HandleLimit&) = delete;
  HandleLimit& operator=(const HandleLimit&) = delete;

 private:
  rlimit former_{};
};

class AtTheHandleLimit : public testing::RuntimeTest {};

// Spawns until that fails.
std::vector<Proxy<Counter>> spawn_all(Runtime& runtime) {
  std::vector<Proxy<Counter>> counters;
  try {
    for (;;) counters.push_back(runtime.spawn<Counter>(1));
  } catch (const std::exception&) {
    return counters;
  }
}

// Where the handles run out depends on how many are in use: so each number of free ones has its turn.
TEST_F(AtTheHandleLimit, ASpawnFailsAndTheActorsThatAreThereAnswer) {
  for (rlim_t limit = 64; limit < 72; ++limit) {
    const HandleLimit tight(limit);
    Runtime runtime;
    const auto counters = spawn_all(runtime);
    EXPECT_FALSE(counters.empty());
    for (const auto& counter : counters) EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
  }
}

}  // namespace
}  // namespace troupe::test
