// SPDX-License-Identifier: BSL-1.0
// What an actor has started ends with it, however it ends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <array>
#include <cstdlib>

#include "gate.hpp"
#include "processes.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

// Starts processes, and gives their pids: as long as it lives, those are nobody else's.
class Founder {
 public:
  int start_child() {
    const int child = ::fork();
    while (child == 0) ::pause();
    return child;
  }
  // Whose parent has ended.
  int start_grandchild() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return -1;
    const int child = ::fork();
    if (child == 0) {
      const int grandchild = ::fork();
      while (grandchild == 0) ::pause();
      ::_exit(::write(ends[1], &grandchild, sizeof(grandchild)) == sizeof(grandchild) ? 0 : 1);
    }
    ::waitpid(child, nullptr, 0);
    int grandchild = -1;
    if (::read(ends[0], &grandchild, sizeof(grandchild)) < 0) return -1;
    ::close(ends[0]);
    ::close(ends[1]);
    return grandchild;
  }
  int start_program() {
    std::string name = "sleep", time = "infinity";
    std::array<char*, 3> arguments{name.data(), time.data(), nullptr};
    pid_t program = -1;
    ::posix_spawnp(&program, name.c_str(), nullptr, nullptr, arguments.data(), environ);
    return program;
  }
  // In a session of its own. When somebody writes to the FIFO it makes a file there, and ends.
  int start_daemon(const std::string& fifo) {
    std::array<int, 2> ends{};
    char byte = 0;
    if (::pipe(ends.data()) != 0) return -1;
    const int daemon = ::fork();
    if (daemon == 0) ::setsid();
    ::close(ends[1]);
    if (daemon != 0) {
      const bool is_ready = ::read(ends[0], &byte, 1) == 0;  // it has closed its end
      ::close(ends[0]);
      return is_ready ? daemon : -1;
    }
    const int handle = ::open(fifo.c_str(), O_RDONLY);
    if (::read(handle, &byte, 1) == 1) ::creat((fifo + ".alive").c_str(), 0600);
    ::_exit(0);
  }

  void crash() { ::abort(); }
  void exit() { std::exit(3); }
};

// What makes an actor end.
struct End {
  const char* name;
  void (*bring)(Proxy<Founder>& founder);
};

class Grandchildren : public testing::RuntimeTest, public ::testing::WithParamInterface<End> {};

INSTANTIATE_TEST_SUITE_P(OfOneThatIs, Grandchildren,
                         ::testing::Values(End{"Killed", [](Proxy<Founder>& founder) { founder.kill(); }},
                                           End{"Stopped", [](Proxy<Founder>& founder) { founder.stop(1h); }},
                                           End{"Crashed", [](Proxy<Founder>& founder) { founder.tell<&Founder::crash>(); }},
                                           End{"Exiting", [](Proxy<Founder>& founder) { founder.tell<&Founder::exit>(); }},
                                           End{"NotNeededAnyMore", [](Proxy<Founder>& founder) { founder = {}; }},
                                           End{"KilledByAnother",
                                               [](Proxy<Founder>& founder) { OtherProcess(founder.pid()).kill(); }}),
                         [](const auto& end) { return end.param.name; });

TEST_P(Grandchildren, EndWithTheirActor) {
  auto founder = runtime().spawn<Founder>();
  const OtherProcess child(founder.call<&Founder::start_child>().get());
  const OtherProcess grandchild(founder.call<&Founder::start_grandchild>().get());
  const OtherProcess program(founder.call<&Founder::start_program>().get());

  GetParam().bring(founder);

  child.wait_ended();
  grandchild.wait_ended();
  program.wait_ended();
}

class GrandchildrenOf : public testing::RuntimeTest {};

TEST_F(GrandchildrenOf, AnActorThatWasExecutedEndWithIt) {
  auto founder = runtime().spawn<Founder>({.start = StartMethod::spawn});
  const OtherProcess grandchild(founder.call<&Founder::start_grandchild>().get());
  founder.kill();
  grandchild.wait_ended();
}

TEST_F(GrandchildrenOf, OneActorOutliveAnother) {
  auto founder = runtime().spawn<Founder>();
  auto other = runtime().spawn<Founder>();
  const OtherProcess child(founder.call<&Founder::start_child>().get());
  const OtherProcess others(other.call<&Founder::start_child>().get());
  founder.kill();
  child.wait_ended();
  EXPECT_FALSE(others.has_ended());
  other.kill();
  others.wait_ended();
}

TEST_F(GrandchildrenOf, AnActorThatMakeASessionOfTheirOwnLiveOn) {
  const TemporaryFolder folder;
  const std::string fifo = (folder.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const int writer = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  auto founder = runtime().spawn<Founder>();
  const OtherProcess daemon(founder.call<&Founder::start_daemon>(fifo).get());
  const OtherProcess child(founder.call<&Founder::start_child>().get());
  founder.kill();
  child.wait_ended();

  EXPECT_EQ(::write(writer, "x", 1), 1);

  daemon.wait_ended();
  ::close(writer);
  EXPECT_TRUE(std::filesystem::exists(fifo + ".alive"));
}

class GrandchildrenOfTheRuntime : public testing::RuntimeTest {};

TEST_F(GrandchildrenOfTheRuntime, EndWithIt) {
  std::optional<Runtime> runtime(std::in_place);
  auto founder = runtime->spawn<Founder>();
  const OtherProcess child(founder.call<&Founder::start_child>().get());
  runtime.reset();
  child.wait_ended();
}

}  // namespace
}  // namespace troupe::test
