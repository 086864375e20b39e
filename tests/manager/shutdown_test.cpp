// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>
#include <vector>

#include "fake_client.hpp"
#include "processes.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kMuchGrace = std::numeric_limits<std::int64_t>::max();

TEST(Shutdown, WaitsForActorsToStop) {
  ManagedClient managed;
  auto first = managed.client.spawn(kind<Quiet>());
  auto second = managed.client.spawn(kind<Quiet>());
  managed.client.say(wire::Shutdown{9, kMuchGrace});

  const auto done = managed.client.await<wire::AllStopped>();

  EXPECT_EQ(done.message.request, 9u);
  EXPECT_THAT(done.message.killed, IsEmpty());
  EXPECT_TRUE(has_ended(host_of(first)) && has_ended(host_of(second)));
  EXPECT_THAT(children_of(managed.manager.pid()), IsEmpty());
}

TEST(Shutdown, NamesThoseThatHadToBeKilled) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>());
  const auto stubborn = managed.client.spawn(kind<Stubborn>());
  managed.client.say(wire::Shutdown{9, 300'000'000});

  const auto done = managed.client.await<wire::AllStopped>();

  ASSERT_THAT(done.message.killed, SizeIs(1));
  EXPECT_EQ(done.message.killed[0].id, stubborn.message.actor.id);
}

TEST(Shutdown, KillsAnActorThatIsStuckInItsExitHandlersSinceAnEarlierStop) {
  ManagedClient managed;
  const auto loiterer = managed.client.spawn(kind<Loiterer>());
  managed.client.say(wire::StopActor{loiterer.message.actor.id, loiterer.message.actor.key, kMuchGrace});
  managed.client.await<wire::ActorFalling>();
  managed.client.say(wire::Shutdown{9, 1'000'000});

  const auto done = managed.client.await<wire::AllStopped>();

  ASSERT_THAT(done.message.killed, SizeIs(1));
  EXPECT_EQ(done.message.killed[0].id, loiterer.message.actor.id);
}

TEST(Shutdown, NobodyIsSpawnedAfterIt) {
  ManagedClient managed;
  managed.client.say(wire::Shutdown{9, kMuchGrace});
  managed.client.ask_for(kind<Quiet>());
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::stopped);
  managed.client.await<wire::AllStopped>();
}

TEST(Shutdown, ActorsThatAreComingUpAreRefused) {
  ManagedClient managed;
  managed.client.ask_for(kind<Sleeper>());
  managed.client.list();
  managed.client.say(wire::Shutdown{9, kMuchGrace});
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::stopped);
  EXPECT_THAT(managed.client.await<wire::AllStopped>().message.killed, IsEmpty());
  EXPECT_THAT(children_of(managed.manager.pid()), IsEmpty());
}

TEST(Shutdown, ActorsWhoseConstructorFailedAreNotAmongThoseThatHadToBeKilled) {
  ManagedClient managed;
  managed.client.ask_for(kind<ThrowingLoiterer>());
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::constructor_threw);
  managed.client.say(wire::Shutdown{9, 1'000'000});
  EXPECT_THAT(managed.client.await<wire::AllStopped>().message.killed, IsEmpty());
  EXPECT_THAT(children_of(managed.manager.pid()), IsEmpty());
}

TEST(Shutdown, ASecondOneIsAnsweredToo) {
  ManagedClient managed;
  managed.client.say(wire::Shutdown{1, kMuchGrace});
  managed.client.await<wire::AllStopped>();
  managed.client.say(wire::Shutdown{2, kMuchGrace});
  EXPECT_EQ(managed.client.await<wire::AllStopped>().message.request, 2u);
}

// A client that is killed, while a child that it forked holds all its sockets open. Tells the test who there is.
struct Victim {
  int pid = 0;
  int grandchild = 0;
  int manager = 0;
  int zygote = 0;
  std::array<int, 2> hosts{};
};

[[noreturn]] void be_victim(int report) {
  ManagedClient managed;
  Victim victim;
  victim.pid = ::getpid();
  victim.manager = managed.manager.pid();
  for (int& host : victim.hosts) host = managed.client.spawn(kind<Stubborn>()).message.actor.pid;
  victim.zygote = children_named(victim.manager, "troupe-zygote").at(0).pid();
  victim.grandchild = ::fork();
  if (victim.grandchild != 0) (void)!::write(report, &victim, sizeof(victim));
  for (;;) ::pause();
}

TEST(Shutdown, NothingIsLeftOfAClientThatIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const int pid = ::fork();
  if (pid == 0) be_victim(ends[1]);
  Victim victim;
  ASSERT_EQ(::read(ends[0], &victim, sizeof(victim)), static_cast<ssize_t>(sizeof(victim)));
  std::vector<platform::Process> rest;
  for (const int each : {victim.manager, victim.zygote, victim.hosts[0], victim.hosts[1]})
    rest.push_back(platform::Process::open(each));
  const auto grandchild = platform::Process::open(victim.grandchild);

  const auto client = platform::Process::open(pid);
  client.kill();

  for (const auto& each : rest) each.wait_ended();
  EXPECT_FALSE(has_ended(grandchild));
  grandchild.kill();
  client.wait_ended();
  client.reap();
}

TEST(Shutdown, HostsAndZygoteEndWithAManagerThatIsKilled) {
  auto [ours, theirs] = platform::ControlSocket::pair();
  const int pid = ::fork();
  if (pid == 0) {
    ManagedClient managed;
    const Victim victim{::getpid(), 0, managed.manager.pid(), 0, {managed.client.spawn(kind<Stubborn>()).message.actor.pid, 0}};
    theirs.send(std::as_bytes(std::span(&victim, 1)));
    for (;;) ::pause();
  }
  const auto packet = ours.receive();
  Victim victim;
  ASSERT_TRUE(packet && packet->bytes.size() == sizeof(victim));
  std::memcpy(&victim, packet->bytes.data(), sizeof(victim));
  const auto manager = platform::Process::open(victim.manager);
  const auto host = platform::Process::open(victim.hosts[0]);
  const auto zygotes = children_named(victim.manager, "troupe-zygote");

  manager.kill();

  host.wait_ended();
  for (const auto& zygote : zygotes) zygote.wait_ended();
  const auto client = platform::Process::open(pid);
  client.kill();
  client.wait_ended();
  client.reap();
}

}  // namespace
}  // namespace troupe::manager::testing
