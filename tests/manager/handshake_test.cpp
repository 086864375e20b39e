// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "fake_client.hpp"
#include "platform/life_page.hpp"
#include "platform/memory.hpp"
#include "processes.hpp"
#include "rogue_host.hpp"
#include "tests/platform/stderr_on.hpp"
#include "wire/library.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(Handshake, AClientIsWelcomedWithTheManagersLifePage) {
  ManagedClient managed(false);
  managed.client.send_join(FakeClient::join_message());

  auto welcome = managed.client.await<wire::Welcome>();

  EXPECT_EQ(welcome.message.hello.pid, managed.manager.pid());
  ASSERT_THAT(welcome.handles, SizeIs(1));
  const platform::LifeView life(platform::SharedMemory::adopt(std::move(welcome.handles[0]), 0));
  EXPECT_FALSE(life.has_fallen(0));
}

TEST(Handshake, TheManagersLifeWordFallsWithIt) {
  ManagedClient managed(false);
  managed.client.send_join(FakeClient::join_message());
  auto welcome = managed.client.await<wire::Welcome>();
  const platform::LifeView life(platform::SharedMemory::adopt(std::move(welcome.handles.at(0)), 0));

  managed.client.socket().shut_down();
  managed.manager.wait_ended();

  EXPECT_TRUE(life.has_fallen(0));
}

TEST(Handshake, AnotherProtocolVersionIsRefusedWithBothVersions) {
  ManagedClient managed(false);
  wire::Join join = FakeClient::join_message();
  join.hello.protocol = 99;
  managed.client.send_join(join);

  const auto refused = managed.client.await<wire::Refused>();

  EXPECT_EQ(refused.message.request, 0u);
  EXPECT_EQ(refused.message.failure.kind, wire::Refusal::incompatible);
  EXPECT_THAT(refused.message.failure.text, HasSubstr("protocol 99"));
  EXPECT_THAT(refused.message.failure.text, HasSubstr("protocol " + std::to_string(wire::kProtocolVersion)));
  managed.client.await_end();
}

TEST(Handshake, AnotherLibraryVersionIsRefused) {
  ManagedClient managed(false);
  wire::Join join = FakeClient::join_message();
  join.hello.library = "troupe 0.0.0";
  managed.client.send_join(join);

  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::incompatible);
  managed.client.await_end();
}

TEST(Handshake, WhoSpeaksBeforeJoiningIsDropped) {
  ManagedClient managed(false);
  managed.client.say(wire::List{1});
  managed.client.await_end();
}

TEST(Handshake, WhoJoinsTwiceIsDropped) {
  ManagedClient managed;
  managed.client.send_join(FakeClient::join_message());
  managed.client.await_end();
}

TEST(Handshake, AJoinWithoutItsHandlesIsDropped) {
  ManagedClient managed(false);
  managed.client.say(FakeClient::join_message());
  managed.client.await_end();
}

TEST(Handshake, TheManagerEndsWithAClientThatTalksNonsense) {
  ManagedClient managed;
  const std::array<std::byte, 4> garbage{std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}};
  managed.client.say_bytes(garbage);
  managed.client.await_end();
  managed.manager.wait_ended();
}

TEST(Handshake, GarbageFromOneClientDropsOnlyThatOne) {
  ManagedClient managed;
  const auto quiet = managed.client.spawn(kind<Quiet>());
  const auto rogue_actor = managed.client.spawn(kind<Quiet>(), rogue("second-client"));

  const auto down = managed.client.await<wire::ActorDown>();  // it exits when its session was dropped

  EXPECT_EQ(down.message.actor, rogue_actor.message.actor.id);
  EXPECT_EQ(down.message.cause.kind, DeathKind::exit_code);
  EXPECT_EQ(down.message.status.exit_code, 7);
  EXPECT_THAT(managed.client.list(), SizeIs(1));
}

TEST(Handshake, GarbageHarmsNobodyWhenStderrIsFull) {
  const platform::testing::StderrOn full("/dev/full");
  ManagedClient managed;
  managed.client.ask_for(kind<Quiet>(), rogue("garbage"));
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.cause.kind, DeathKind::protocol_violation);
  managed.client.spawn(kind<Quiet>());
  EXPECT_THAT(managed.client.list(), SizeIs(1));
}

TEST(Handshake, AHostCannotJoinAsAnotherActor) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>(), rogue("claims"));
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.status.exit_code, 7);
}

}  // namespace
}  // namespace troupe::manager::testing
