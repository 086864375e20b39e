// SPDX-License-Identifier: BSL-1.0
#include "platform/fork_mark.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

TEST(ForkMark, MarksTheChildAndNotTheParent) {
  watch_forks();
  watch_forks();
  const ForkedChild child([](ControlSocket&) { return is_forked_child() ? 1 : 0; });
  EXPECT_EQ(child.end(), (ExitStatus{.exit_code = 1}));
  EXPECT_FALSE(is_forked_child());
}

}  // namespace
}  // namespace troupe::platform::testing
