// SPDX-License-Identifier: BSL-1.0
#include "manager/child.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/platform/support.hpp"

namespace troupe::manager::testing {
namespace {

using platform::testing::ForkedChild;

TEST(Children, StraysCanBeExpectedWhenNoHandleIsLeft) {
  const ForkedChild child([](platform::ControlSocket&) {
    Loop loop;
    Children children(loop, [] {});
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_NOFILE, &none);
    children.expect_strays();
    return 7;
  });
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 7});
}

TEST(Children, MayGoWithOneThatNobodyWantsAnyMore) {
  const ForkedChild living([](platform::ControlSocket&) -> int {
    for (;;) ::pause();
  });
  Loop loop;
  Children children(loop, [] {});
  children.end(platform::Process(living.process.handle().duplicate(), living.process.pid()));
  EXPECT_FALSE(children.is_empty());
}

}  // namespace
}  // namespace troupe::manager::testing
