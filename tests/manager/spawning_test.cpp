// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/options.hpp>

#include <set>

#include "fake_client.hpp"
#include "processes.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

wire::Spawn named(const std::string& name, bool join_existing = false) {
  wire::Spawn spawn;
  spawn.name = name;
  spawn.join_existing = join_existing;
  return spawn;
}

wire::Spawn by_exec() {
  wire::Spawn spawn;
  spawn.start = static_cast<std::uint8_t>(StartMethod::spawn);
  return spawn;
}

TEST(Spawning, AnActorComesUpInAProcessOfItsOwn) {
  ManagedClient managed;

  auto opened = managed.client.spawn(kind<Quiet>(), named("quiet"));

  EXPECT_NE(opened.message.actor.id, ActorId());
  EXPECT_EQ(opened.message.actor.name, "quiet");
  EXPECT_THAT(opened.handles, SizeIs(wire::Opened::kHandles));
  EXPECT_FALSE(has_ended(host_of(opened)));
  const auto up = managed.client.await<wire::ActorUp>();
  EXPECT_EQ(up.message.actor.id, opened.message.actor.id);
  EXPECT_EQ(up.message.actor.key, wire::ActorKey());
}

TEST(Spawning, AForkedHostIsAChildOfTheManager) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>());
  EXPECT_THAT(children_of(managed.manager.pid()), ::testing::Contains(opened.message.actor.pid));
}

TEST(Spawning, AnActorComesUpByExecuting) {
  ManagedClient managed;
  auto opened = managed.client.spawn(kind<Quiet>(), by_exec());
  EXPECT_FALSE(has_ended(host_of(opened)));
}

TEST(Spawning, ManyAtOnceAllComeUp) {
  ManagedClient managed;
  constexpr int kCount = 20;
  for (int i = 0; i < kCount; ++i) managed.client.ask_for(kind<Quiet>());

  std::set<int> pids;
  for (int i = 0; i < kCount; ++i) pids.insert(managed.client.await<wire::Opened>().message.actor.pid);

  EXPECT_THAT(pids, SizeIs(kCount));
}

TEST(Spawning, ANameIsTakenFromTheRequestOn) {
  ManagedClient managed;
  const auto first = managed.client.ask_for(kind<Quiet>(), named("one"));
  const auto second = managed.client.ask_for(kind<Quiet>(), named("one"));

  const auto refused = managed.client.await<wire::Refused>();
  const auto opened = managed.client.await<wire::Opened>();

  EXPECT_EQ(refused.message.request, second);
  EXPECT_EQ(refused.message.failure.kind, wire::Refusal::duplicate_name);
  EXPECT_THAT(refused.message.failure.text, HasSubstr("\"one\""));
  EXPECT_EQ(opened.message.request, first);
}

TEST(Spawning, WhoWouldJoinGetsTheActorThatIsComingUp) {
  ManagedClient managed;
  managed.client.ask_for(kind<Quiet>(), named("one"));
  managed.client.ask_for(kind<Quiet>(), named("one", true));

  const auto own = managed.client.await<wire::Opened>();
  const auto joined = managed.client.await<wire::Opened>();

  EXPECT_FALSE(own.message.found);
  EXPECT_TRUE(joined.message.found);
  EXPECT_EQ(joined.message.actor.id, own.message.actor.id);
  EXPECT_EQ(joined.message.actor.key, own.message.actor.key);
  EXPECT_THAT(joined.handles, IsEmpty());
}

TEST(Spawning, WhoWouldJoinSpawnsWhenTheOtherOneFails) {
  ManagedClient managed;
  wire::Spawn slow = named("one");
  slow.start_timeout_ns = 200'000'000;
  managed.client.ask_for(kind<Sleeper>(), slow);
  wire::Spawn joins = named("one", true);
  Kind same_type = kind<Quiet>();
  same_type.type = kind<Sleeper>().type;
  const auto second = managed.client.ask_for(same_type, joins);

  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::start_failed);
  const auto opened = managed.client.await<wire::Opened>();

  EXPECT_EQ(opened.message.request, second);
  EXPECT_FALSE(opened.message.found);
}

TEST(Spawning, WhoWouldJoinAnActorOfAnotherClassIsRefused) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>(), named("one"));
  managed.client.ask_for(kind<Other>(), named("one", true));
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::incompatible);
}

TEST(Spawning, ASpawnWithoutItsMemoryDropsTheClient) {
  ManagedClient managed;
  managed.client.say(wire::Spawn{});
  managed.client.await_end();
}

TEST(Spawning, ASpawnWithALimitThatDoesNotExistDropsTheClient) {
  ManagedClient managed;
  wire::Spawn spawn;
  spawn.limits.nice = 20;
  managed.client.ask_for(kind<Quiet>(), spawn);
  managed.client.await_end();
}

TEST(Spawning, ASpawnWithABoundForHangsThatDoesNotExistDropsTheClient) {
  for (const wire::Hang hang : {wire::Hang{1, false}, wire::Hang{-1, false}, wire::Hang{0, true}}) {
    ManagedClient managed;
    wire::Spawn spawn;
    spawn.hang = hang;
    managed.client.ask_for(kind<Quiet>(), spawn);
    managed.client.await_end();
  }
}

TEST(Spawning, AnActorIsFoundByName) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>(), named("one"));

  managed.client.say(wire::Find{7, "one", kind<Quiet>().type});

  const auto found = managed.client.await<wire::Found>();
  EXPECT_EQ(found.message.request, 7u);
  EXPECT_TRUE(found.message.exists);
  EXPECT_EQ(found.message.actor.id, opened.message.actor.id);
  EXPECT_EQ(found.message.actor.key, opened.message.actor.key);
}

TEST(Spawning, AnUnknownNameIsNotFound) {
  ManagedClient managed;
  managed.client.say(wire::Find{7, "nobody", kind<Quiet>().type});
  EXPECT_FALSE(managed.client.await<wire::Found>().message.exists);
}

TEST(Spawning, FindingAnActorOfAnotherClassIsRefused) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>(), named("one"));
  managed.client.say(wire::Find{7, "one", kind<Other>().type});
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::incompatible);
}

}  // namespace
}  // namespace troupe::manager::testing
