// SPDX-License-Identifier: BSL-1.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <string>
#include <utility>

#include "fake_client.hpp"
#include "rogue_host.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Joins as if it ran another file, so that its actors start by that.
void join_as(FakeClient& client, const char* path) {
  wire::Join join = FakeClient::join_message();
  join.hello.modules.at(0).path = path;
  join.hello.modules.at(0).build_id.clear();
  const platform::Handle file(::open(path, O_RDONLY | O_CLOEXEC));
  const platform::Process self = platform::Process::self();
  const std::array<int, 2> handles{file.get(), self.handle().get()};
  client.say(join, handles);
  client.await<wire::Welcome>();
}

wire::Failure refusal_of(const wire::Spawn& spawn) {
  ManagedClient managed;
  managed.client.ask_for(kind<Quiet>(), spawn);
  return managed.client.await<wire::Refused>().message.failure;
}

wire::Failure refusal_of(const Kind& kind) {
  ManagedClient managed;
  wire::Spawn spawn;
  spawn.name = "it";
  managed.client.ask_for(kind, spawn);
  auto failure = managed.client.await<wire::Refused>().message.failure;
  EXPECT_THAT(managed.client.list(), IsEmpty());
  managed.client.spawn(testing::kind<Quiet>(), spawn);  // the name is free again
  return failure;
}

TEST(StartFailure, AnExceptionOfTheConstructorIsHandedOn) {
  const wire::Failure failure = refusal_of(kind<Thrower>());
  EXPECT_EQ(failure.kind, wire::Refusal::constructor_threw);
  EXPECT_FALSE(failure.exception.empty());
}

TEST(StartFailure, ACrashInTheConstructorIsADeath) {
  const wire::Failure failure = refusal_of(kind<Crasher>());
  EXPECT_EQ(failure.kind, wire::Refusal::actor_died);
  EXPECT_EQ(failure.cause.kind, DeathKind::signal);
  EXPECT_EQ(failure.cause.signal, 11);
  EXPECT_THAT(failure.cause.method, HasSubstr("constructor of"));
  EXPECT_THAT(failure.cause.backtrace, Not(IsEmpty()));
}

TEST(StartFailure, AnExitInTheConstructorIsADeath) {
  const wire::Failure failure = refusal_of(kind<Leaver>());
  EXPECT_EQ(failure.kind, wire::Refusal::actor_died);
  EXPECT_EQ(failure.cause.kind, DeathKind::exit_code);
  EXPECT_EQ(failure.cause.exit_code, 7);
}

// As by ulimit -t: then no SIGXCPU comes before SIGKILL.
TEST(StartFailure, AnInheritedLimitOfProcessorTimeIsTold) {
  ManagedClient managed;
  const rlimit one_second{1, 1};
  ASSERT_EQ(::prlimit(managed.manager.pid(), RLIMIT_CPU, &one_second, nullptr), 0);
  wire::Spawn spawn;
  spawn.start = 1;
  managed.client.ask_for(kind<Spinner>(), spawn);
  const auto cause = managed.client.await<wire::Refused>().message.failure.cause;
  EXPECT_EQ(cause.kind, DeathKind::out_of_cpu_time);
  EXPECT_THAT(cause.detail, HasSubstr("ulimit -t"));
}

TEST(StartFailure, AConstructorThatTakesTooLongIsEnded) {
  ManagedClient managed;
  wire::Spawn spawn;
  spawn.name = "it";
  spawn.start_timeout_ns = 1'000'000'000;  // its process has come up by then, however busy the machine is
  managed.client.ask_for(kind<Sleeper>(), spawn);

  const auto failure = managed.client.await<wire::Refused>().message.failure;

  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("start_timeout"));
  EXPECT_EQ(failure.cause.kind, DeathKind::start_failure);
  EXPECT_EQ(failure.cause.signal, SIGKILL);
  EXPECT_THAT(failure.cause.detail, HasSubstr("start_timeout"));
  spawn.start_timeout_ns = 0;
  managed.client.spawn(kind<Quiet>(), spawn);
}

TEST(StartFailure, AnExecutedProgramWithoutTheGuardIsTold) {
  const wire::Failure failure = refusal_of(rogue("unguarded"));
  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("first in main"));
}

TEST(StartFailure, AnExecutedProgramThatEndsSilentlyIsSuspectedOfHavingNoGuard) {
  const wire::Failure failure = refusal_of(rogue("exit"));
  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("exited with code 3"));
  EXPECT_THAT(failure.text, HasSubstr("first in main"));
}

TEST(StartFailure, AnExecutedProgramThatCrashesBeforeItsRoleIsNotSuspected) {
  const wire::Failure failure = refusal_of(rogue("crash"));
  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("signal 6 (SIGABRT)"));
  EXPECT_THAT(failure.text, Not(HasSubstr("first in main")));
}

TEST(StartFailure, AnExecutedProgramThatStaysSilentIsEndedInTime) {
  wire::Spawn spawn = rogue("silent");
  spawn.start_timeout_ns = 50'000'000;
  const wire::Failure failure = refusal_of(spawn);
  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("first in main"));
}

TEST(StartFailure, AHostThatTalksNonsenseIsEnded) {
  const wire::Failure failure = refusal_of(rogue("garbage"));
  EXPECT_EQ(failure.kind, wire::Refusal::actor_died);
  EXPECT_EQ(failure.cause.kind, DeathKind::protocol_violation);
}

TEST(StartFailure, AHostThatShowsAnythingAsItsLifePageIsEnded) {
  const wire::Failure failure = refusal_of(rogue("false-page"));
  EXPECT_EQ(failure.kind, wire::Refusal::actor_died);
  EXPECT_EQ(failure.cause.kind, DeathKind::protocol_violation);
}

TEST(StartFailure, AWrongWorkingDirectoryIsNamed) {
  wire::Spawn spawn;
  spawn.start = 1;
  spawn.working_directory = "/no/such/directory";
  const wire::Failure failure = refusal_of(spawn);
  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("/no/such/directory"));
}

TEST(StartFailure, AZygoteOfAProgramWithoutTheGuardIsSuspected) {
  ManagedClient managed(false);
  join_as(managed.client, "/bin/true");
  managed.client.ask_for(kind<Quiet>());

  const auto failure = managed.client.await<wire::Refused>().message.failure;

  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("/bin/true"));
  EXPECT_THAT(failure.text, HasSubstr("first in main"));
}

TEST(StartFailure, AZygoteOfAnotherBuildIsRefused) {
  ManagedClient managed(false);
  wire::Join join = FakeClient::join_message();
  join.hello.modules.at(0).build_id = "0123456789abcdef";
  managed.client.send_join(join);
  managed.client.await<wire::Welcome>();
  managed.client.ask_for(kind<Quiet>());

  const auto failure = managed.client.await<wire::Refused>().message.failure;

  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("0123456789abcdef"));
}

TEST(StartFailure, AnExecutedHostOfAnotherBuildIsRefusedByItsPathAndBothBuilds) {
  ManagedClient managed(false);
  wire::Join join = FakeClient::join_message();
  const std::string own = std::exchange(join.hello.modules.at(0).build_id, "0123456789abcdef");
  managed.client.send_join(join);
  managed.client.await<wire::Welcome>();
  wire::Spawn spawn;
  spawn.start = 1;
  managed.client.ask_for(kind<Quiet>(), spawn);

  const auto failure = managed.client.await<wire::Refused>().message.failure;

  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr(join.hello.modules.at(0).path));
  EXPECT_THAT(failure.text, HasSubstr("0123456789abcdef"));
  EXPECT_THAT(failure.text, HasSubstr(own));
}

TEST(StartFailure, AFileThatCannotBeExecutedIsNamed) {
  ManagedClient managed(false);
  join_as(managed.client, "/etc/passwd");
  managed.client.ask_for(kind<Quiet>());

  const auto failure = managed.client.await<wire::Refused>().message.failure;

  EXPECT_EQ(failure.kind, wire::Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("/etc/passwd"));
}

}  // namespace
}  // namespace troupe::manager::testing
