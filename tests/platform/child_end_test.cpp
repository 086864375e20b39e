// SPDX-License-Identifier: BSL-1.0
#include "platform/child_end.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstddef>
#include <vector>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

int wait_for_ever(ControlSocket&) {
  for (;;) ::pause();
}

TEST(ChildEnd, OfALivingChildIsNone) {
  const ForkedChild child(&wait_for_ever);
  EXPECT_FALSE(reap_with_usage(child.process));
}

TEST(ChildEnd, TellsTheExitCode) {
  const ForkedChild child([](ControlSocket&) { return 42; });
  child.process.wait_ended();
  const auto end = reap_with_usage(child.process);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, ExitStatus{.exit_code = 42});
  EXPECT_FALSE(end->is_lost);
}

TEST(ChildEnd, TellsTheSignal) {
  const ForkedChild child(&wait_for_ever);
  child.process.kill();
  child.process.wait_ended();
  const auto end = reap_with_usage(child.process);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, ExitStatus{.signal = SIGKILL});
}

TEST(ChildEnd, NamesNoCoreWhereNoneIsWritten) {
  const ForkedChild child([](ControlSocket&) {
    ::prctl(PR_SET_DUMPABLE, 0);
    ::signal(SIGABRT, SIG_DFL);
    ::raise(SIGABRT);
    return 0;
  });
  child.process.wait_ended();
  const auto end = reap_with_usage(child.process);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, (ExitStatus{.signal = SIGABRT, .core_dumped = false}));
}

// The kernel counts pages in batches, so not all of them may show.
TEST(ChildEnd, TellsWhatItHadUsed) {
  constexpr std::size_t kUsedBytes = 16 * 1024 * 1024;
  const ForkedChild child([](ControlSocket&) {
    const std::vector<char> memory(kUsedBytes, 'x');
    rusage used{};
    while (used.ru_utime.tv_sec == 0 && used.ru_utime.tv_usec < 20'000) ::getrusage(RUSAGE_SELF, &used);
    return *const_cast<const volatile char*>(&memory.back()) == 'x' ? 0 : 1;
  });
  child.process.wait_ended();
  const auto end = reap_with_usage(child.process);
  ASSERT_TRUE(end);
  EXPECT_GE(end->usage.user_time_us, 20'000u);
  EXPECT_GE(end->usage.max_resident_bytes, kUsedBytes / 2);
}

TEST(ChildEnd, IsLostWhenItIsReadTwice) {
  const ForkedChild child([](ControlSocket&) { return 0; });
  child.process.wait_ended();
  EXPECT_TRUE(reap_with_usage(child.process));
  const auto again = reap_with_usage(child.process);
  EXPECT_TRUE(again && again->is_lost);
}

// The kernel reaps them itself.
TEST(ChildEnd, IsLostWhereSigchldIsIgnored) {
  const ForkedChild parent([](ControlSocket&) {
    ::signal(SIGCHLD, SIG_IGN);
    auto [ours, theirs] = ControlSocket::pair();
    const int pid = ::fork();
    if (pid == 0) {
      ours = {};
      theirs.receive();  // until the other side lets go
      ::_exit(0);
    }
    const Process child = Process::open(pid);
    ours = {};
    theirs = {};
    child.wait_ended();
    auto end = reap_with_usage(child);
    while (!end) end = reap_with_usage(child);
    return end->is_lost ? 7 : 1;
  });
  EXPECT_EQ(parent.end(), ExitStatus{.exit_code = 7});
}

}  // namespace
}  // namespace troupe::platform::testing
