// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "fake_client.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kHour = std::chrono::nanoseconds(std::chrono::hours(1)).count();
constexpr std::uint64_t kNobody = 77;

wire::Supervise group_of_three() { return {.request = 1, .strategy = 1, .max = 3, .within_ns = kHour}; }

std::uint64_t make_group(FakeClient& client) {
  client.say(group_of_three());
  return client.await<wire::Supervised>().message.group;
}

wire::Spawn in(std::uint64_t group) {
  wire::Spawn spawn;
  spawn.group = group;
  return spawn;
}

// Why it is refused.
std::string refusal_of(FakeClient& client, const wire::Supervise& message) {
  client.say(message);
  const auto refused = client.await<wire::Refused>().message;
  EXPECT_EQ(refused.failure.kind, wire::Refusal::bad_options);
  EXPECT_EQ(refused.request, message.request);
  return refused.failure.text;
}

TEST(GroupsOfAClient, AreRefusedByFieldWhereNobodyCanFollowThem) {
  ManagedClient managed;
  auto strategy = group_of_three();
  strategy.strategy = 3;
  EXPECT_THAT(refusal_of(managed.client, strategy), HasSubstr("GroupOptions::strategy"));
  auto window = group_of_three();
  window.within_ns = std::numeric_limits<std::int64_t>::min();
  EXPECT_THAT(refusal_of(managed.client, window), HasSubstr("GroupOptions::intensity.within"));
  auto parent = group_of_three();
  parent.parent = kNobody;
  EXPECT_THAT(refusal_of(managed.client, parent), HasSubstr("no such group"));
}

TEST(GroupsOfAClient, AreNotMixedUpWithItsActors) {
  ManagedClient managed;
  const auto actor = managed.client.spawn(kind<Quiet>()).message.actor.id;
  auto child = group_of_three();
  child.parent = actor.value;
  EXPECT_THAT(refusal_of(managed.client, child), HasSubstr("no such group"));
  managed.client.ask_for(kind<Quiet>(), in(actor.value));
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::start_failed);
  EXPECT_NE(make_group(managed.client), actor.value);
}

TEST(GroupsOfAClient, TakeNoActorThatMayBeAnother) {
  ManagedClient managed;
  wire::Spawn spawn = in(make_group(managed.client));
  spawn.name = "one";
  spawn.join_existing = true;
  managed.client.ask_for(kind<Quiet>(), spawn);
  managed.client.await_end();
}

TEST(GroupsOfAClient, ThatAreNotThereAreStoppedAtOnce) {
  ManagedClient managed;
  managed.client.say(wire::StopGroup{.request = 5, .group = kNobody, .grace_ns = kHour});
  const auto stopped = managed.client.await<wire::AllStopped>().message;
  EXPECT_EQ(stopped.request, 5u);
  EXPECT_THAT(stopped.killed, IsEmpty());
}

TEST(GroupsOfAClient, KillWhatDoesNotStopInTime) {
  ManagedClient managed;
  const auto group = make_group(managed.client);
  const auto opened = managed.client.spawn(kind<Stubborn>(), in(group));
  EXPECT_TRUE(opened.message.actor.may_restart);
  managed.client.say(wire::StopGroup{.request = 5, .group = group, .grace_ns = -1});
  const auto stopped = managed.client.await<wire::AllStopped>().message;
  ASSERT_THAT(stopped.killed, SizeIs(1));
  EXPECT_EQ(stopped.killed[0].id, opened.message.actor.id);
}

TEST(GroupsOfAClient, GiveNoMoreTimeThanTheyHaveToWhoWasBeingStoppedBefore) {
  ManagedClient managed;
  const auto group = make_group(managed.client);
  const auto stubborn = managed.client.spawn(kind<Stubborn>(), in(group)).message.actor;
  const auto loiterer = managed.client.spawn(kind<Loiterer>(), in(group)).message.actor;
  for (const auto& each : {stubborn, loiterer}) managed.client.say(wire::StopActor{each.id, each.key, kHour});
  managed.client.await<wire::ActorFalling>();  // its exit handlers run
  managed.client.say(wire::StopGroup{.request = 5, .group = group, .grace_ns = -1});
  EXPECT_THAT(managed.client.await<wire::AllStopped>().message.killed, SizeIs(2));
}

// It hangs where that is not so.
TEST(GroupsOfAClient, GiveNoMoreTimeThanItHasToWhoseConstructorFailed) {
  ManagedClient managed;
  const auto group = make_group(managed.client);
  managed.client.ask_for(kind<ThrowingLoiterer>(), in(group));
  managed.client.await<wire::Refused>();  // its exit handlers run
  managed.client.say(wire::StopGroup{.request = 5, .group = group, .grace_ns = kHour});
  EXPECT_THAT(managed.client.await<wire::AllStopped>().message.killed, IsEmpty());
}

TEST(GroupsOfAClient, GiveAwayNoActorWhileTheyAreStopped) {
  ManagedClient managed;
  const auto group = make_group(managed.client);
  wire::Spawn named = in(group);
  named.name = "one";
  managed.client.spawn(kind<Stubborn>(), named);
  managed.client.say(wire::StopGroup{.request = 5, .group = group, .grace_ns = kHour});
  managed.client.say(wire::Find{.request = 6, .name = "one", .type = kind<Stubborn>().type});
  EXPECT_FALSE(managed.client.await<wire::Found>().message.exists);
  managed.client.say(wire::StopGroup{.request = 7, .group = group, .grace_ns = -1});
  managed.client.await<wire::AllStopped>();
}

TEST(GroupsOfAClient, DoNotWaitForAConstructorWhenTheyAreStopped) {
  ManagedClient managed;
  const auto group = make_group(managed.client);
  const auto coming_up = managed.client.ask_for(kind<Sleeper>(), in(group));
  const auto behind = managed.client.ask_for(kind<Quiet>(), in(group));
  managed.client.say(wire::StopGroup{.request = 5, .group = group, .grace_ns = kHour});
  for (const auto request : {behind, coming_up}) {
    const auto refused = managed.client.await<wire::Refused>().message;
    EXPECT_EQ(refused.request, request);
    EXPECT_EQ(refused.failure.kind, wire::Refusal::start_failed);
    EXPECT_THAT(refused.failure.text, HasSubstr("its group has been stopped"));
  }
  EXPECT_THAT(managed.client.await<wire::AllStopped>().message.killed, IsEmpty());
}

// ManagedClient looks whether the manager has ended as it should.
TEST(GroupsOfAClient, EndWithIt) {
  ManagedClient managed;
  const auto group = make_group(managed.client);
  managed.client.spawn(kind<Quiet>(), in(group));
  managed.client.ask_for(kind<Sleeper>(), in(group));
  managed.client.list();  // then it is on its way
}

}  // namespace
}  // namespace troupe::manager::testing
