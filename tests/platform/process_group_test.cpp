// SPDX-License-Identifier: BSL-1.0
#include "platform/process_group.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

// Says `word` with its own pidfd, and echoes from then on; until its parent's parent, whose socket this is, kills it.
[[noreturn]] void live(ControlSocket& socket, std::string_view word) {
  const Process self = Process::self();
  const int handle = self.handle().get();
  socket.send(bytes_of(word), {&handle, 1});
  while (const auto packet = socket.receive()) socket.send(packet->bytes);
  ::_exit(0);
}

Process process_in(std::optional<Packet> packet) { return Process(std::move(packet.value().handles.at(0)), 0); }

// A child that leads a group, starts one more process in it, which runs `body` first, and ends when it is told to.
class Leader : public ForkedChild {
 public:
  explicit Leader(
      void (*body)() = [] {}, bool leads = true)
      : ForkedChild([body, leads](ControlSocket& parent) {
          if (leads) lead_process_group();
          if (::fork() == 0) {
            body();
            live(parent, "started");
          }
          for (;;) ::pause();
          return 0;
        }),
        started(process_in(socket.receive())) {}
  ~Leader() { started.kill(); }

  // Ended, and not reaped.
  void end_leader() const {
    process.kill();
    process.wait_ended();
  }
  bool is_started_alive() {
    socket.send(bytes_of("alive?"));
    return receive_text(socket) == "alive?";
  }

  Process started;
};

TEST(ProcessGroup, EndsWithItsLeader) {
  Leader leader;
  leader.end_leader();
  kill_group_of(leader.process);
  EXPECT_TRUE(leader.started.wait_ended());
  EXPECT_EQ(leader.end(), (ExitStatus{.signal = SIGKILL}));
}

TEST(ProcessGroup, HoldsTheGrandchildrenOfItsLeaderToo) {
  Leader leader([] {
    if (::fork() != 0) ::_exit(0);
  });
  leader.end_leader();
  kill_group_of(leader.process);
  EXPECT_TRUE(leader.started.wait_ended());
}

TEST(ProcessGroup, IsAlreadyLedByWhoLeadsASession) {
  const ForkedChild leader([](ControlSocket&) {
    ::setsid();
    lead_process_group();
    return ::getpgrp() == ::getpid() ? 0 : 1;
  });
  EXPECT_EQ(leader.end(), ExitStatus{});
}

TEST(ProcessGroup, DoesNotHoldWhoHasMadeASessionOfItsOwn) {
  Leader leader([] { ::setsid(); });
  leader.end_leader();
  kill_group_of(leader.process);
  EXPECT_TRUE(leader.is_started_alive());
}

TEST(ProcessGroup, LivesWithItsLeader) {
  Leader leader;
  kill_group_of(leader.process);
  EXPECT_TRUE(leader.is_started_alive());
}

TEST(ProcessGroup, IsNobodysOnceItsLeaderIsReaped) {
  Leader leader;
  leader.end_leader();
  leader.end();
  kill_group_of(leader.process);
  EXPECT_TRUE(leader.is_started_alive());
}

TEST(ProcessGroup, IsOnlyThatOfALeader) {
  Leader member([] {}, false);
  member.end_leader();
  kill_group_of(member.process);
  EXPECT_TRUE(member.is_started_alive());
}

}  // namespace
}  // namespace troupe::platform::testing
