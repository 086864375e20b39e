// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "fake_client.hpp"
#include "processes.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Listing, NobodyIsThereAtFirst) {
  ManagedClient managed;
  EXPECT_THAT(managed.client.list(), IsEmpty());
}

TEST(Listing, TellsNameClassAndProcess) {
  ManagedClient managed;
  wire::Spawn named;
  named.name = "one";
  const auto opened = managed.client.spawn(kind<Quiet>(), named);

  const auto actors = managed.client.list();

  ASSERT_THAT(actors, SizeIs(1));
  EXPECT_EQ(actors[0].id, opened.message.actor.id);
  EXPECT_EQ(actors[0].name, "one");
  EXPECT_THAT(actors[0].type, HasSubstr("testing::Quiet"));
  EXPECT_EQ(actors[0].pid, opened.message.actor.pid);
  EXPECT_EQ(actors[0].state, ActorState::running);
}

TEST(Listing, AStoppedHostDoesNotHoldItUp) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>());
  auto stopped = managed.client.spawn(kind<Quiet>());
  const auto host = host_of(stopped);
  stop_now(host);
  EXPECT_THAT(managed.client.list(), SizeIs(2));
  host.kill();
}

TEST(Listing, ALongListComesInParts) {
  ManagedClient managed;
  const std::string long_type(30'000, 'x');
  Kind kind_of_long_name = kind<Quiet>();
  kind_of_long_name.type = long_type.c_str();
  constexpr int kCount = 5;
  for (int i = 0; i < kCount; ++i) managed.client.spawn(kind_of_long_name);
  EXPECT_THAT(managed.client.list(), SizeIs(kCount));
}

TEST(Listing, AHostThatDiesMeanwhileDoesNotHoldItUp) {
  ManagedClient managed;
  auto stopped = managed.client.spawn(kind<Quiet>());
  const auto host = host_of(stopped);
  stop_now(host);
  managed.client.say(wire::List{4711});
  host.kill();
  EXPECT_EQ(managed.client.await<wire::Listed>().message.request, 4711u);
}

}  // namespace
}  // namespace troupe::manager::testing
