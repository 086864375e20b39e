// SPDX-License-Identifier: BSL-1.0
#include "platform/stray_children.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

// Blocks: until it has ended and can be reaped.
void wait_reapable(const Process& child) {
  siginfo_t report{};
  while (::waitid(P_PIDFD, static_cast<id_t>(child.handle().get()), &report, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
}

int wait_for_ever(ControlSocket&) {
  for (;;) ::pause();
}

TEST(StrayChildren, AChildIsOwnWhileItLivesAndUntilItIsReaped) {
  const ForkedChild child(&wait_for_ever);
  EXPECT_TRUE(is_own_child(child.process.pid()));
  child.process.kill();
  wait_reapable(child.process);
  EXPECT_TRUE(is_own_child(child.process.pid()));
  child.end();
  EXPECT_FALSE(is_own_child(child.process.pid()));
}

TEST(StrayChildren, AStrangerIsNoChild) {
  EXPECT_FALSE(is_own_child(::getpid()));
  EXPECT_FALSE(is_own_child(::getppid()));
  EXPECT_FALSE(is_own_child(0));
  EXPECT_FALSE(is_own_child(-1));
}

TEST(StrayChildren, ALivingOneHasNotEnded) {
  const ForkedChild child(&wait_for_ever);
  EXPECT_EQ(ended_child(), std::nullopt);
}

TEST(StrayChildren, OneThatHasEndedStaysUntilItIsReaped) {
  const ForkedChild child([](ControlSocket&) { return 0; });
  wait_reapable(child.process);
  EXPECT_EQ(ended_child(), child.process.pid());
  EXPECT_EQ(ended_child(), child.process.pid());

  reap_stray(child.process.pid());

  EXPECT_EQ(ended_child(), std::nullopt);
  EXPECT_FALSE(is_own_child(child.process.pid()));
}

TEST(StrayChildren, ALivingOneIsNotReaped) {
  const ForkedChild child(&wait_for_ever);
  reap_stray(child.process.pid());
  EXPECT_TRUE(is_own_child(child.process.pid()));
}

}  // namespace
}  // namespace troupe::platform::testing
