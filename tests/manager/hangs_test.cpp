// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "fake_client.hpp"
#include "rogue_host.hpp"

namespace troupe::manager::testing {
namespace {

constexpr std::int64_t kShort = std::chrono::nanoseconds(std::chrono::milliseconds(100)).count();

wire::Spawn that_hangs(bool kill) {
  wire::Spawn spawn = rogue("hangs");
  spawn.hang = {kShort, kill};
  return spawn;
}

// It does not answer when it is asked for its stack, and its method has a number that nobody knows.
TEST(Hangs, OneThatSaysNothingOfItselfIsToldOfAllTheSame) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>(), that_hangs(false));

  const auto told = managed.client.await<wire::ActorHangs>().message;

  EXPECT_EQ(told.actor, opened.message.actor.id);
  EXPECT_EQ(told.incarnation, 1u);
  EXPECT_GE(told.running_ns, kShort);
  EXPECT_EQ(told.method, "");
  EXPECT_EQ(told.backtrace, "");
}

TEST(Hangs, OneThatSaysNothingOfItselfIsKilledAllTheSame) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>(), that_hangs(true));

  const auto down = managed.client.await<wire::ActorDown>().message;

  EXPECT_EQ(down.cause.kind, DeathKind::hung);
  EXPECT_EQ(down.status.signal, SIGKILL);
}

// Its own grace is what counts then.
TEST(Hangs, OneThatIsBeingStoppedIsNoneOfThem) {
  ManagedClient managed;
  const auto first = managed.client.spawn(kind<Quiet>(), that_hangs(true));
  const auto second = managed.client.spawn(kind<Quiet>(), that_hangs(true));
  managed.client.say(wire::StopActor{first.message.actor.id, first.message.actor.key, INT64_MAX});

  EXPECT_EQ(managed.client.await<wire::ActorHangs>().message.actor, second.message.actor.id);
  EXPECT_EQ(managed.client.await<wire::ActorDown>().message.actor, second.message.actor.id);
}

}  // namespace
}  // namespace troupe::manager::testing
