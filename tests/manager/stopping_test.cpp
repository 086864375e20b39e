// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <limits>

#include "fake_client.hpp"
#include "processes.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::IsEmpty;

constexpr std::int64_t kNoGrace = 1;
constexpr std::int64_t kMuchGrace = std::numeric_limits<std::int64_t>::max();

class Stopping : public ::testing::Test {
 protected:
  template <class Actor>
  wire::ActorDescription spawn() {
    return managed_.client.spawn(kind<Actor>()).message.actor;
  }
  void stop(const wire::ActorDescription& actor, std::int64_t grace_ns) {
    managed_.client.say(wire::StopActor{actor.id, actor.key, grace_ns});
  }
  wire::ActorDown down() { return managed_.client.await<wire::ActorDown>().message; }

  ManagedClient managed_;
};

// Traces the first thread of a process that goes on, as a debugger does that waits for something.
class Debugger {
 public:
  explicit Debugger(int pid) : pid_(pid) { EXPECT_EQ(::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr), 0) << errno; }
  ~Debugger() {
    ::ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr);
    int status = 0;
    while (::waitpid(pid_, &status, __WALL) < 0 && errno == EINTR) continue;
    ::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
  }
  Debugger(const Debugger&) = delete;
  Debugger& operator=(const Debugger&) = delete;

 private:
  int pid_;
};

TEST_F(Stopping, GoesWithSigtermWhenTheGraceHasRunOut) {
  stop(spawn<Stubborn>(), kNoGrace);
  const auto told = down();
  EXPECT_EQ(told.cause.kind, DeathKind::killed_by_us);
  EXPECT_EQ(told.status.signal, SIGTERM);
  EXPECT_EQ(told.cause.detail, "it did not stop within its grace");
}

TEST_F(Stopping, LetsAHandlerOfSigtermSayHowItEnds) {
  stop(spawn<Tidy>(), kNoGrace);
  const auto told = down();
  EXPECT_EQ(told.cause.kind, DeathKind::exit_code);
  EXPECT_EQ(told.status.exit_code, 7);
}

TEST_F(Stopping, KillsWhoIsDeafToSigterm) {
  stop(spawn<Deaf>(), kNoGrace);
  const auto told = down();
  EXPECT_EQ(told.cause.kind, DeathKind::killed_by_us);
  EXPECT_EQ(told.status.signal, SIGKILL);
}

TEST_F(Stopping, KillsWhoIsFrozen) {
  const auto frozen = spawn<Quiet>();
  stop_now(platform::Process::open(frozen.pid));
  stop(frozen, kNoGrace);
  const auto told = down();
  EXPECT_EQ(told.cause.kind, DeathKind::killed_by_us);
  EXPECT_EQ(told.status.signal, SIGKILL);
}

TEST_F(Stopping, MayBeHastenedByALaterStop) {
  const auto stubborn = spawn<Stubborn>();
  stop(stubborn, kMuchGrace);
  stop(stubborn, kNoGrace);
  EXPECT_EQ(down().cause.kind, DeathKind::killed_by_us);
}

// The alarms of the two go off in the order of the stops.
TEST_F(Stopping, WaitsWhileADebuggerIsAttached) {
  const auto debugged = spawn<Stubborn>();
  const auto other = spawn<Stubborn>();
  {
    const Debugger debugger(debugged.pid);
    stop(debugged, kNoGrace);
    stop(other, kNoGrace);
    EXPECT_EQ(down().actor, other.id);
    EXPECT_FALSE(has_ended(platform::Process::open(debugged.pid)));
  }
  const auto told = down();
  EXPECT_EQ(told.actor, debugged.id);
  EXPECT_EQ(told.cause.kind, DeathKind::killed_by_us);
}

TEST_F(Stopping, KillsAtOnceWhoIsToBeKilledAlthoughADebuggerIsAttached) {
  const auto debugged = spawn<Deaf>();
  const Debugger debugger(debugged.pid);
  managed_.client.say(wire::KillActor{debugged.id, debugged.key});
  EXPECT_TRUE(platform::Process::open(debugged.pid).wait_ended());
}

TEST_F(Stopping, OfEverythingIsBoundedAndNamesWhoHadToBeKilled) {
  spawn<Quiet>();
  const auto deaf = spawn<Deaf>();
  const auto frozen = spawn<Quiet>();
  const auto loiterer = spawn<Loiterer>();
  stop_now(platform::Process::open(frozen.pid));
  managed_.client.say(wire::Shutdown{9, kNoGrace});

  const auto report = managed_.client.await<wire::AllStopped>().message;

  std::vector<ActorId> killed;
  for (const ActorInfo& each : report.killed) killed.push_back(each.id);
  EXPECT_THAT(killed, ::testing::IsSupersetOf({deaf.id, frozen.id, loiterer.id}));
  EXPECT_THAT(children_of(managed_.manager.pid()), IsEmpty());
}

}  // namespace
}  // namespace troupe::manager::testing
