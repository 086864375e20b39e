// SPDX-License-Identifier: BSL-1.0
#include "platform/child_signal.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "platform/poll.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

using Clock = std::chrono::steady_clock;

bool is_readable(const ChildSignal& signal, Clock::time_point deadline) {
  return wait_ready(signal.handle().get(), ReadyTo::read, deadline);
}
bool is_readable_now(const ChildSignal& signal) { return is_readable(signal, Clock::now()); }

TEST(ChildSignal, TellsThatAChildHasEnded) {
  const ChildSignal signal;
  const ForkedChild child([](ControlSocket&) { return 7; });
  EXPECT_TRUE(is_readable(signal, Clock::time_point::max()));
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 7});
}

TEST(ChildSignal, ManyMergeUntilItIsCleared) {
  const ChildSignal signal;
  EXPECT_FALSE(is_readable_now(signal));
  std::raise(SIGCHLD);
  std::raise(SIGCHLD);
  EXPECT_TRUE(is_readable_now(signal));
  signal.clear();
  EXPECT_FALSE(is_readable_now(signal));
}

TEST(ChildSignal, LeavesErrnoAsItWas) {
  const ChildSignal signal;
  errno = ENOTTY;
  std::raise(SIGCHLD);
  EXPECT_EQ(errno, ENOTTY);
}

TEST(ChildSignal, IsOneAtATimeAndLeavesNothing) {
  struct sigaction before {};
  ::sigaction(SIGCHLD, nullptr, &before);
  const auto handles = open_handle_count();
  {
    const ChildSignal signal;
    EXPECT_THROW(ChildSignal(), std::logic_error);
    std::raise(SIGCHLD);
    EXPECT_TRUE(is_readable_now(signal));
  }
  struct sigaction after {};
  ::sigaction(SIGCHLD, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
  EXPECT_EQ(open_handle_count(), handles);
}

TEST(ChildSignal, MayGoWhileAnotherThreadIsInItsHandler) {
  std::atomic<bool> is_over{false};
  std::thread other([&] {
    while (!is_over.load()) std::raise(SIGCHLD);
  });
  for (int round = 0; round < 1000; ++round) ChildSignal().clear();
  is_over.store(true);
  other.join();
}

}  // namespace
}  // namespace troupe::platform::testing
