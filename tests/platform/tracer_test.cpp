// SPDX-License-Identifier: BSL-1.0
#include "platform/tracer.hpp"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <csignal>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

int wait_for_ever(ControlSocket&) {
  for (;;) ::pause();
}

TEST(Tracer, IsThereFromAttachingToDetaching) {
  const ForkedChild child(&wait_for_ever);
  const int pid = child.process.pid();
  EXPECT_FALSE(is_traced(child.process));
  ASSERT_EQ(::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr), 0);
  EXPECT_TRUE(is_traced(child.process));
  ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
  EXPECT_EQ(next_stop(pid), SIGTRAP);
  EXPECT_TRUE(is_traced(child.process));
  ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  EXPECT_FALSE(is_traced(child.process));
}

TEST(Tracer, OfOneThatHasEndedIsNone) {
  const ForkedChild child([](ControlSocket&) { return 0; });
  EXPECT_TRUE(child.process.wait_ended());
  EXPECT_FALSE(is_traced(child.process));
}

}  // namespace
}  // namespace troupe::platform::testing
