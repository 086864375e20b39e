// SPDX-License-Identifier: BSL-1.0
#include "manager/child.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <troupe/error.hpp>

#include <string>

#include "manager/nursery.hpp"
#include "tests/platform/support.hpp"

namespace troupe::manager::testing {
namespace {

using platform::testing::ForkedChild;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

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

struct NobodysLauncher final : Launcher::Listener {
  void launched(std::uint64_t, NewHost) override {}
  void launch_failed(std::uint64_t, const std::string&) override {}
};

TEST(Nursery, AChildThatIsKnownAlreadyIsNoFork) {
  const ForkedChild living([](platform::ControlSocket&) -> int {
    for (;;) ::pause();
  });
  Loop loop;
  Children children(loop, [] {});
  const Child known(loop, children, platform::Process(living.process.handle().duplicate(), living.process.pid()), {});
  NobodysLauncher listener;
  Launcher launcher(loop, children, listener);
  Nursery nursery(loop, children, launcher, listener, Program());
  ZygoteProcess::Listener& to_nursery = nursery;

  const auto report = [&] { to_nursery.forked(1, living.process.pid()); };

  EXPECT_THAT(report, ThrowsMessage<ProtocolError>(HasSubstr("known already")));
}

}  // namespace
}  // namespace troupe::manager::testing
