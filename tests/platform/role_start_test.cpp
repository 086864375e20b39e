// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "guests.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

TEST(RoleStart, AnOrdinaryProgramHasNone) {
  EXPECT_FALSE(has_role());
  EXPECT_FALSE(take_role());
}

TEST(RoleStart, AnInheritedVariableIsNoneAndIsRemoved) {
  ::setenv("TROUPE_ROLE", "echo 1", 1);
  EXPECT_FALSE(has_role());
  EXPECT_NE(std::getenv("TROUPE_ROLE"), nullptr);
  EXPECT_FALSE(take_role());
  EXPECT_EQ(std::getenv("TROUPE_ROLE"), nullptr);
}

TEST(RoleStart, NonsenseIsNone) {
  for (const char* text : {"", " ", "echo", "echo ", "echo x", "echo 1x", " 1", "echo 99999999999999999999"}) {
    ::setenv("TROUPE_ROLE", text, 1);
    EXPECT_FALSE(take_role()) << text;
  }
}

TEST(RoleStart, HandleThreeMustComeFromTheStarterThatIsNamed) {
  Guest guest("stale");
  EXPECT_EQ(receive_text(guest.socket), "true false");
}

TEST(DieWithParent, EndsAProcessWhoseParentIsKilled) {
  Guest parent("parent");
  auto packet = parent.socket.receive();
  ASSERT_TRUE(packet && packet->handles.size() == 1);
  const Process child(std::move(packet->handles[0]), 0);
  EXPECT_FALSE(child.wait_ended(std::chrono::steady_clock::now()));
  parent.process.kill();
  EXPECT_TRUE(child.wait_ended());
}

TEST(DieWithParent, EndsAProcessWhoseParentHasGoneAlready) {
  const ForkedChild child([](ControlSocket&) {
    die_with_parent(1'000'000'000);
    return 1;
  });
  EXPECT_EQ(child.end(), ExitStatus{});
}

}  // namespace
}  // namespace troupe::platform::testing
