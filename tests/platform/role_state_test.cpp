// SPDX-License-Identifier: BSL-1.0
#include "platform/role_state.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

// Each in a child: the guard runs once in a process.
TEST(RoleState, AnOrdinaryProgramWithoutItsGuardIsTold) {
  const ForkedChild child([](ControlSocket&) {
    if (guard_has_run()) return 1;
    try {
      require_guard();
    } catch (const std::logic_error&) {
      return 7;
    }
    return 2;
  });
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 7});
}

TEST(RoleState, BehindTheGuardNothingIsMissing) {
  const ForkedChild child([](ControlSocket&) {
    note_guard_ran();
    require_guard();
    return guard_has_run() ? 7 : 1;
  });
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 7});
}

}  // namespace
}  // namespace troupe::platform::testing
