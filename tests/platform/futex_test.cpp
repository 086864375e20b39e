// SPDX-License-Identifier: BSL-1.0
#include "platform/futex.hpp"

#include <gtest/gtest.h>

#include <climits>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "platform/memory.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

using std::chrono::steady_clock;

// Sleeps as long as the word holds `expected`.
void wait_while(const FutexWord& word, std::uint32_t expected, FutexScope scope) {
  while (word.load() == expected) futex_wait(word, expected, scope);
}

TEST(Futex, DoesNotSleepWhenTheWordDiffers) {
  const FutexWord word{1};
  EXPECT_EQ(futex_wait(word, 0, FutexScope::this_process), FutexWake::woken_or_changed);
  EXPECT_EQ(futex_wait(word, 0, FutexScope::shared), FutexWake::woken_or_changed);
}

TEST(Futex, TimesOut) {
  const FutexWord word{0};
  EXPECT_EQ(futex_wait(word, 0, FutexScope::this_process, steady_clock::now() + std::chrono::milliseconds(1)),
            FutexWake::timed_out);
  EXPECT_EQ(futex_wait(word, 0, FutexScope::this_process, steady_clock::time_point::min()), FutexWake::timed_out);
}

TEST(Futex, WakesASleeperInThisProcess) {
  FutexWord word{0};
  std::jthread sleeper([&word] { wait_while(word, 0, FutexScope::this_process); });
  word.store(1);
  futex_wake(word, INT_MAX, FutexScope::this_process);
}

TEST(Futex, WakesASleeperInAnotherProcessThatMapsReadOnly) {
  auto memory = SharedMemory::create("a futex", 4096);
  const Mapping writer(memory, Access::read_write);
  auto* word = new (writer.data()) FutexWord{0};
  memory.seal_against_new_writers();
  ForkedChild sleeper([&memory](ControlSocket& socket) {
    const Mapping reader(memory, Access::read_only);
    socket.send(bytes_of("about to sleep"));
    wait_while(*reinterpret_cast<const FutexWord*>(reader.data()), 0, FutexScope::shared);
    return 5;
  });
  EXPECT_EQ(receive_text(sleeper.socket), "about to sleep");
  word->store(1);
  futex_wake(*word, 1, FutexScope::shared);
  EXPECT_EQ(sleeper.end(), (ExitStatus{.exit_code = 5}));
}

TEST(FutexWaitAny, DoesNotSleepWhenOneWordDiffers) {
  ASSERT_TRUE(has_futex_wait_any());
  const FutexWord same{0};
  const FutexWord other{1};
  const std::vector<FutexTarget> targets{{&same, 0, FutexScope::this_process}, {&other, 0, FutexScope::shared}};
  EXPECT_EQ(futex_wait_any(targets), FutexWake::woken_or_changed);
}

TEST(FutexWaitAny, TimesOut) {
  const FutexWord word{0};
  const std::vector<FutexTarget> targets(kMaxFutexTargets, {&word, 0, FutexScope::this_process});
  EXPECT_EQ(futex_wait_any(targets, steady_clock::now() + std::chrono::milliseconds(1)), FutexWake::timed_out);
}

TEST(FutexWaitAny, WakesForAnyOfItsWords) {
  const auto memory = SharedMemory::create("a futex", 4096);
  const Mapping mapping(memory, Access::read_write);
  auto* shared = new (mapping.data()) FutexWord{0};
  FutexWord own{0};
  const std::vector<FutexTarget> targets{{&own, 0, FutexScope::this_process}, {shared, 0, FutexScope::shared}};
  std::jthread sleeper([&] {
    while (shared->load() == 0) futex_wait_any(targets);
  });
  shared->store(1);
  futex_wake(*shared, 1, FutexScope::shared);
}

TEST(FutexWaitAny, RefusesNoneAndTooMany) {
  const FutexWord word{0};
  const std::vector<FutexTarget> targets(kMaxFutexTargets + 1, {&word, 0, FutexScope::this_process});
  EXPECT_THROW(futex_wait_any({}), std::invalid_argument);
  EXPECT_THROW(futex_wait_any(targets), std::invalid_argument);
}

}  // namespace
}  // namespace troupe::platform::testing
