// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "fake_client.hpp"
#include "processes.hpp"
#include "rogue_host.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::SizeIs;

platform::Process zygote_of(const ManagedClient& managed) {
  auto found = children_named(managed.manager.pid(), "troupe-zygote");
  EXPECT_THAT(found, SizeIs(1));
  return std::move(found.at(0));
}

TEST(Zygote, ItsDeathHarmsNoHostAndTheNextSpawnHasAnother) {
  ManagedClient managed;
  auto old = managed.client.spawn(kind<Quiet>());
  const auto zygote = zygote_of(managed);
  zygote.kill();
  zygote.wait_ended();

  const auto young = managed.client.spawn(kind<Quiet>());

  EXPECT_NE(young.message.actor.pid, old.message.actor.pid);
  EXPECT_THAT(managed.client.list(), SizeIs(2));
  EXPECT_FALSE(has_ended(host_of(old)));
  EXPECT_NE(zygote_of(managed).pid(), zygote.pid());
}

TEST(Zygote, AForkThatItTookAlongIsOrderedAgain) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>());
  const auto zygote = zygote_of(managed);
  stop_now(zygote);
  managed.client.ask_for(kind<Quiet>());
  managed.client.ask_for(kind<Quiet>());
  managed.client.list();  // the manager has dealt with both
  zygote.kill();

  managed.client.await<wire::Opened>();
  managed.client.await<wire::Opened>();

  EXPECT_THAT(managed.client.list(), SizeIs(3));
}

TEST(Zygote, AStartThatItDelaysIsGivenUpInTime) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>());
  const auto zygote = zygote_of(managed);
  stop_now(zygote);
  wire::Spawn hurried;
  hurried.start_timeout_ns = 20'000'000;
  managed.client.ask_for(kind<Quiet>(), hurried);
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::start_failed);

  managed.client.spawn(kind<Quiet>());

  EXPECT_THAT(managed.client.list(), SizeIs(2));
}

TEST(Zygote, OneThatGetsStuckIsReplacedForTheOthersThatWait) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>());
  stop_now(zygote_of(managed));
  wire::Spawn hurried;
  hurried.start_timeout_ns = 20'000'000;
  const auto patient = managed.client.ask_for(kind<Quiet>());
  managed.client.ask_for(kind<Quiet>(), hurried);
  EXPECT_EQ(managed.client.await<wire::Opened>().message.request, patient);
}

TEST(Zygote, WhoDiedWhileItWaitedForANamedActorDoesNotHearOfIt) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>());
  const auto zygote = zygote_of(managed);
  stop_now(zygote);
  wire::Spawn named;
  named.name = "one";
  managed.client.ask_for(kind<Quiet>(), named);
  managed.client.ask_for(kind<Other>(), rogue("joins"));
  managed.client.await<wire::Opened>();
  managed.client.await<wire::ActorDown>();
  zygote.signal(18);  // SIGCONT

  EXPECT_EQ(managed.client.await<wire::Opened>().message.actor.name, "one");
  EXPECT_THAT(managed.client.list(), SizeIs(2));
}

// With a thread before its guard, a program is executed for each actor.
TEST(Zygote, AnActorThatCannotBeForkedHasItsWorkingDirectory) {
  ASSERT_EQ(::setenv("TROUPE_TEST_EARLY_THREAD", "1", 1), 0);
  ManagedClient managed;
  ::unsetenv("TROUPE_TEST_EARLY_THREAD");
  wire::Spawn spawn;
  spawn.working_directory = "/proc";
  const auto opened = managed.client.spawn(kind<Quiet>(), spawn);
  const auto pid = std::to_string(opened.message.actor.pid);
  EXPECT_EQ(std::filesystem::read_symlink("/proc/" + pid + "/cwd"), "/proc");
}

TEST(Zygote, AKilledOneLeavesNoProcessBehind) {
  ManagedClient managed;
  managed.client.spawn(kind<Quiet>());
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 3; ++i) managed.client.ask_for(kind<Quiet>());
    for (const auto& zygote : children_named(managed.manager.pid(), "troupe-zygote")) zygote.kill();
    for (int i = 0; i < 3; ++i) managed.client.await_whether_opened();  // a host that is just born bears its name, too
  }
  managed.client.say(wire::Shutdown{1, 0});

  managed.client.await<wire::AllStopped>();

  EXPECT_THAT(children_of(managed.manager.pid()), ::testing::IsEmpty());
}

}  // namespace
}  // namespace troupe::manager::testing
