// SPDX-License-Identifier: BSL-1.0
#include "platform/process.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <system_error>

#include "platform/process_state.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

using std::chrono::steady_clock;

int wait_for_ever(ControlSocket&) {
  for (;;) ::pause();
}

TEST(Process, SelfLives) {
  const Process self = Process::self();
  EXPECT_EQ(self.pid(), ::getpid());
  EXPECT_FALSE(self.wait_ended(steady_clock::now()));
}

TEST(Process, ReapsAnExitCodeOnce) {
  const ForkedChild child([](ControlSocket&) { return 42; });
  EXPECT_TRUE(child.process.wait_ended());
  EXPECT_EQ(child.process.reap(), (ExitStatus{.exit_code = 42}));
  EXPECT_EQ(child.process.reap(), std::nullopt);
}

TEST(Process, IsNotReapedWhileItLives) {
  const ForkedChild child(&wait_for_ever);
  EXPECT_EQ(child.process.reap(), std::nullopt);
  EXPECT_FALSE(child.process.wait_ended(steady_clock::now()));
}

TEST(Process, TellsTheSignalThatEndedIt) {
  const ForkedChild child(&wait_for_ever);
  child.process.signal(SIGTERM);
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGTERM}));
}

TEST(Process, KillEndsItWhateverItDoes) {
  const ForkedChild child(&wait_for_ever);
  child.process.signal(SIGSTOP);
  child.process.kill();
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGKILL}));
}

TEST(Process, SignallingOneThatHasEndedDoesNothing) {
  const ForkedChild child([](ControlSocket&) { return 0; });
  child.end();
  child.process.kill();
  EXPECT_TRUE(child.process.wait_ended(steady_clock::now()));
}

TEST(Process, OnlyTheParentReaps) {
  const Process self = Process::self();
  EXPECT_EQ(self.reap(), std::nullopt);
}

TEST(Process, OpeningNobodyFails) { EXPECT_THROW(Process::open(0), std::system_error); }

TEST(Process, WaitingForNoneFailsInsteadOfSleeping) { EXPECT_THROW(Process().wait_ended(), std::system_error); }

TEST(ProcessState, IsWhatTheKernelSaysOfIt) {
  const auto state = [](const char* which, const char* tracer, const char* dumping) {
    return state_in(std::string("Name:\tx\nState:\t") + which + "\nTracerPid:\t" + tracer + "\nCoreDumping:\t" + dumping + "\n");
  };
  EXPECT_FALSE(state("S (sleeping)", "0", "0").is_stopped);
  EXPECT_TRUE(state("T (stopped)", "0", "0").is_stopped);
  EXPECT_TRUE(state("t (tracing stop)", "17", "0").is_stopped);
  EXPECT_TRUE(state("t (tracing stop)", "17", "0").is_traced);
  EXPECT_FALSE(state("D (disk sleep)", "0", "1").is_traced);
  EXPECT_TRUE(state("D (disk sleep)", "0", "1").is_dumping);
  EXPECT_FALSE(state("D (disk sleep)", "0", "0").is_dumping);
  EXPECT_FALSE(state_in("").is_dumping);
}

}  // namespace
}  // namespace troupe::platform::testing
