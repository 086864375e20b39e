// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

#include "fake_client.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;

wire::ActorReference reference(const Received<wire::Opened>& opened) {
  return {opened.message.actor.id, opened.message.actor.key};
}

wire::KillActor kill(const wire::ActorReference& actor) { return {actor.id, actor.key}; }

// The next two ends: theirs, in this order.
void expect_ends(FakeClient& client, const wire::ActorReference& one, const wire::ActorReference& other) {
  EXPECT_EQ(client.await<wire::ActorDown>().message.actor, one.id);
  const auto down = client.await<wire::ActorDown>().message;
  EXPECT_EQ(down.actor, other.id);
  EXPECT_EQ(down.cause.kind, DeathKind::linked);
}

TEST(LinksOfActors, TellOfWhomTheyFollowAfterThatOnesEnd) {
  ManagedClient managed;
  const auto one = reference(managed.client.spawn(kind<Quiet>()));
  const auto other = reference(managed.client.spawn(kind<Other>()));
  managed.client.say(wire::LinkActors{one, other});
  managed.client.say(kill(other));
  expect_ends(managed.client, other, one);
}

TEST(LinksOfActors, NeedBothKeys) {
  ManagedClient managed;
  const auto one = reference(managed.client.spawn(kind<Quiet>()));
  const auto other = reference(managed.client.spawn(kind<Quiet>()));
  managed.client.say(wire::LinkActors{{one.id, {1, 2}}, {other.id, {1, 2}}});
  managed.client.say(kill(one));
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.actor, one.id);
  EXPECT_THAT(managed.client.list(), SizeIs(1));
}

TEST(LinksOfActors, AreNotCutWithTheWrongKey) {
  ManagedClient managed;
  const auto one = reference(managed.client.spawn(kind<Quiet>()));
  const auto other = reference(managed.client.spawn(kind<Quiet>()));
  managed.client.say(wire::LinkActors{one, other});
  managed.client.say(wire::UnlinkActors{one, {other.id, {1, 2}}});
  managed.client.say(kill(one));
  expect_ends(managed.client, one, other);
}

TEST(LinksOfActors, ToOneThatNobodyRemembersActAtOnce) {
  ManagedClient managed;
  const auto one = reference(managed.client.spawn(kind<Quiet>()));
  managed.client.say(wire::LinkActors{{ActorId{4711}, {1, 2}}, one});
  const auto down = managed.client.await<wire::ActorDown>().message;
  EXPECT_EQ(down.actor, one.id);
  EXPECT_EQ(down.cause.kind, DeathKind::linked);
  EXPECT_THAT(down.cause.detail, HasSubstr("it ended long ago"));
}

// What no honest client says.
TEST(LinksOfActors, ToItselfAreNone) {
  ManagedClient managed;
  const auto one = reference(managed.client.spawn(kind<Quiet>()));
  managed.client.say(wire::LinkActors{one, one});
  managed.client.say(wire::UnlinkActors{one, one});
  managed.client.say(kill(one));
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.cause.kind, DeathKind::killed_by_us);
}

// It does not listen: its grace is five seconds.
TEST(LinksOfActors, KillWhoDoesNotFollow) {
  ManagedClient managed;
  const auto one = reference(managed.client.spawn(kind<Quiet>()));
  const auto other = reference(managed.client.spawn(kind<Stubborn>()));
  managed.client.say(wire::LinkActors{one, other});
  managed.client.say(kill(one));
  expect_ends(managed.client, one, other);
}

// Who wants it to stop later has its way: then that is the end that counts.
TEST(LinksOfActors, LeaveAloneWhoIsBeingStopped) {
  ManagedClient managed;
  const auto one = reference(managed.client.spawn(kind<Quiet>()));
  const auto other = reference(managed.client.spawn(kind<Stubborn>()));
  const auto third = reference(managed.client.spawn(kind<Quiet>()));
  managed.client.say(wire::LinkActors{one, other});
  managed.client.say(wire::LinkActors{other, third});
  managed.client.say(wire::StopActor{other.id, other.key, std::chrono::nanoseconds(std::chrono::hours(1)).count()});
  managed.client.say(kill(one));
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.actor, one.id);
  managed.client.say(wire::StopActor{other.id, other.key, 1});
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.cause.kind, DeathKind::killed_by_us);
  EXPECT_THAT(managed.client.list(), SizeIs(1));
}

// One, a stubborn one that is linked to it, and in a group, and a third one behind that. The first has been killed: so the second
// has its grace.
struct Chain {
  Chain() {
    managed.client.say(wire::LinkActors{first, second});
    managed.client.say(wire::LinkActors{second, third});
    managed.client.say(kill(first));
    EXPECT_EQ(managed.client.await<wire::ActorDown>().message.actor, first.id);
  }

  std::uint64_t make_group() {
    managed.client.say(wire::Supervise{.request = 1, .strategy = 1, .max = 3, .within_ns = 1'000'000'000});
    return managed.client.await<wire::Supervised>().message.group;
  }
  wire::ActorReference spawn_in_group() {
    wire::Spawn options;
    options.group = group;
    return reference(managed.client.spawn(kind<Stubborn>(), options));
  }

  ManagedClient managed{};
  const std::uint64_t group = make_group();
  const wire::ActorReference first = reference(managed.client.spawn(kind<Quiet>()));
  const wire::ActorReference second = spawn_in_group();
  const wire::ActorReference third = reference(managed.client.spawn(kind<Quiet>()));
};

void expect_ends_by_links(Chain& chain) {
  for (const auto& each : {chain.second, chain.third}) {
    const auto down = chain.managed.client.await<wire::ActorDown>().message;
    EXPECT_EQ(down.actor, each.id);
    EXPECT_EQ(down.cause.kind, DeathKind::linked);
  }
}

TEST(LinksOfActors, AreFollowedToTheEndWhoeverStopsOneMeanwhile) {
  Chain chain;
  chain.managed.client.say(wire::StopActor{chain.second.id, chain.second.key, 1});
  expect_ends_by_links(chain);
}

TEST(LinksOfActors, AreFollowedToTheEndAlsoOutOfAGroup) {
  Chain chain;
  chain.managed.client.say(wire::StopGroup{.request = 2, .group = chain.group, .grace_ns = -1});
  expect_ends_by_links(chain);
}

TEST(LinksOfActors, AreNoExcuseForWhoDoesNotStopInTime) {
  Chain chain;
  chain.managed.client.say(wire::Shutdown{.request = 3, .grace_ns = 1});
  const auto stopped = chain.managed.client.await<wire::AllStopped>().message;
  EXPECT_THAT(stopped.killed, Contains(Field(&ActorInfo::id, chain.second.id)));
}

}  // namespace
}  // namespace troupe::manager::testing
