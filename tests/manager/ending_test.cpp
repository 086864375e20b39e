// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <limits>

#include "fake_client.hpp"
#include "processes.hpp"
#include "rogue_host.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kNoGrace = 1;
constexpr std::int64_t kMuchGrace = std::numeric_limits<std::int64_t>::max();

wire::StopActor stop(const wire::ActorDescription& actor, std::int64_t grace_ns) { return {actor.id, actor.key, grace_ns}; }

TEST(Ending, AnActorThatIsStoppedEndsAsAsked) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>());
  managed.client.say(stop(opened.message.actor, kMuchGrace));

  const auto down = managed.client.await<wire::ActorDown>();

  EXPECT_EQ(down.message.actor, opened.message.actor.id);
  EXPECT_EQ(down.message.cause.kind, DeathKind::stopped);
  EXPECT_EQ(down.message.status, ExitStatus{});
}

TEST(Ending, AKilledActorIsKilledByUs) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>());
  managed.client.say(wire::KillActor{opened.message.actor.id, opened.message.actor.key});
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.cause.kind, DeathKind::killed_by_us);
}

TEST(Ending, WithTheWrongKeyNothingHappens) {
  ManagedClient managed;
  auto opened = managed.client.spawn(kind<Quiet>());
  managed.client.say(wire::KillActor{opened.message.actor.id, {1, 2}});
  managed.client.say(wire::StopActor{opened.message.actor.id, {1, 2}, 0});
  EXPECT_THAT(managed.client.list(), SizeIs(1));
  EXPECT_FALSE(has_ended(host_of(opened)));
}

TEST(Ending, ASignalFromOutsideIsTheCause) {
  ManagedClient managed;
  auto opened = managed.client.spawn(kind<Quiet>());
  host_of(opened).kill();

  const auto falling = managed.client.await<wire::ActorFalling>();
  const auto down = managed.client.await<wire::ActorDown>();

  EXPECT_EQ(falling.message.actor, opened.message.actor.id);
  EXPECT_EQ(down.message.cause.kind, DeathKind::signal);
  EXPECT_EQ(down.message.cause.signal, SIGKILL);
  EXPECT_GT(down.message.cause.resource_usage.max_resident_bytes, 0u);
}

TEST(Ending, ASignalFromOutsideIsTheCauseAlsoInItsGrace) {
  ManagedClient managed;
  auto opened = managed.client.spawn(kind<Stubborn>());
  managed.client.say(stop(opened.message.actor, kMuchGrace));
  managed.client.list();  // then it has been told
  host_of(opened).kill();
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.cause.kind, DeathKind::signal);
}

TEST(Ending, ACrashIsReportedWithItsSignal) {
  ManagedClient managed;
  auto opened = managed.client.spawn(kind<Quiet>());
  host_of(opened).signal(SIGSEGV);

  const auto down = managed.client.await<wire::ActorDown>();

  EXPECT_EQ(down.message.cause.kind, DeathKind::signal);
  EXPECT_EQ(down.message.cause.signal, SIGSEGV);
}

TEST(Ending, AStoppedProcessCanBeKilled) {
  ManagedClient managed;
  auto opened = managed.client.spawn(kind<Quiet>());
  stop_now(host_of(opened));
  managed.client.say(stop(opened.message.actor, kNoGrace));
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.cause.kind, DeathKind::killed_by_us);
}

TEST(Ending, TheNameIsFreeWhenTheEndIsTold) {
  ManagedClient managed;
  wire::Spawn named;
  named.name = "one";
  const auto opened = managed.client.spawn(kind<Quiet>(), named);
  managed.client.say(wire::KillActor{opened.message.actor.id, opened.message.actor.key});
  managed.client.await<wire::ActorDown>();

  const auto next = managed.client.spawn(kind<Quiet>(), named);

  EXPECT_NE(next.message.actor.id, opened.message.actor.id);
}

TEST(Ending, AnActorThatNobodyHoldsIsStopped) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>());
  managed.client.say(wire::Release{opened.message.actor.id});
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.cause.kind, DeathKind::stopped);
}

TEST(Ending, AWatchOnTheDeadIsAnsweredAtOnce) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>());
  managed.client.say(wire::KillActor{opened.message.actor.id, opened.message.actor.key});
  EXPECT_FALSE(managed.client.await<wire::ActorDown>().message.is_answer);

  managed.client.say(wire::Watch{opened.message.actor.id, opened.message.actor.key});

  const auto down = managed.client.await<wire::ActorDown>();
  EXPECT_TRUE(down.message.is_answer);
  EXPECT_EQ(down.message.actor, opened.message.actor.id);
  EXPECT_EQ(down.message.cause.kind, DeathKind::killed_by_us);
}

TEST(Ending, AWatchOnTheUnknownIsAnsweredToo) {
  ManagedClient managed;
  managed.client.say(wire::Watch{ActorId{4711}, {1, 2}});
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.cause.kind, DeathKind::unknown);
}

TEST(Ending, WhatAnActorSpawnedEndsWithIt) {
  ManagedClient managed;
  auto parent = managed.client.spawn(kind<Other>(), rogue("parent"));
  managed.client.await<wire::ActorUp>();
  const auto child = managed.client.await<wire::ActorUp>();
  host_of(parent).kill();

  auto first = managed.client.await<wire::ActorDown>();
  auto second = managed.client.await<wire::ActorDown>();

  EXPECT_THAT(managed.client.list(), IsEmpty());
  if (first.message.actor != child.message.actor.id) std::swap(first, second);
  EXPECT_EQ(first.message.cause.kind, DeathKind::parent_gone);
}

}  // namespace
}  // namespace troupe::manager::testing
