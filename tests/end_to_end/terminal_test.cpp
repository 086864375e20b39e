// SPDX-License-Identifier: BSL-1.0
// What a terminal's user does to a program reaches the program alone; its actors end with it, or serve it until it ends.
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <array>
#include <cerrno>
#include <csignal>

#include "processes.hpp"

namespace troupe::test {
namespace {

// A guest in the foreground of a terminal of its own.
class AtTerminal {
 public:
  explicit AtTerminal(std::string task) {
    std::string program = TROUPE_TEST_GUEST;
    std::array<char*, 3> arguments{program.data(), task.data(), nullptr};
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ < 0) throw std::runtime_error("no terminal");
    if (pid_ == 0) {
      for (const int number : {SIGINT, SIGHUP}) ::signal(number, SIG_DFL);  // as a terminal's user has them
      ::execv(arguments[0], arguments.data());
      ::_exit(126);
    }
  }
  ~AtTerminal() {
    wait();
    ::close(terminal_);
  }
  AtTerminal(const AtTerminal&) = delete;
  AtTerminal& operator=(const AtTerminal&) = delete;

  int pid() const { return pid_; }
  // Blocks: for a line; what is left at the end.
  std::string line() {
    std::string text;
    for (char c = 0; ::read(terminal_, &c, 1) == 1 && c != '\n';) {
      if (c != '\r') text += c;
    }
    return text;
  }
  void type(std::string_view keys) const {
    if (::write(terminal_, keys.data(), keys.size()) < 0) throw std::runtime_error("the terminal is gone");
  }
  int wait() {
    if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), &status_, 0);
    return status_;
  }

 private:
  int terminal_ = -1;
  pid_t pid_ = -1;
  int status_ = 0;
};

constexpr std::string_view kControlC = "\x03";

class Terminal : public testing::RuntimeTest {};

TEST_F(Terminal, ControlCEndsAProgramAndAllItsProcesses) {
  AtTerminal guest("live");
  const OtherProcess host(std::stoi(guest.line())), executed(std::stoi(guest.line())), grandchild(std::stoi(guest.line()));
  const OtherProcess manager = OtherProcess::child(guest.pid(), "troupe-manager");

  guest.type(kControlC);

  EXPECT_EQ(WTERMSIG(guest.wait()), SIGINT);
  host.wait_ended();
  executed.wait_ended();
  grandchild.wait_ended();
  manager.wait_ended();
}

TEST_F(Terminal, ControlCLeavesTheActorsToAProgramThatEndsInItsOwnTime) {
  AtTerminal guest("interrupted");
  EXPECT_EQ(guest.line(), "ready");
  guest.type(kControlC);
  EXPECT_EQ(guest.line(), "^Canswer 42");
  EXPECT_EQ(guest.wait(), 0);
}

TEST_F(Terminal, CannotBeReadByAnActorWhichIsNotStoppedForIt) {
  AtTerminal guest("reading");
  EXPECT_EQ(guest.line(), "error " + std::to_string(EIO));
}

}  // namespace
}  // namespace troupe::test
