// SPDX-License-Identifier: BSL-1.0
// Programs that use the guard wrongly, and programs whose file is not what it was: each is one of the guest's tasks.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <algorithm>
#include <array>
#include <iterator>

#include "gate.hpp"
#include "processes.hpp"

namespace troupe::test {
namespace {

namespace fs = std::filesystem;

// A running guest; its standard output is read through a pipe.
class Guest {
 public:
  Guest(const std::string& program, std::string task, std::vector<std::string> environment) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    output_ = ::fdopen(ends[0], "r");
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    std::vector<char*> variables;
    for (auto& each : environment) variables.push_back(each.data());
    variables.push_back(nullptr);
    std::string name = program;
    std::array<char*, 3> arguments{name.data(), task.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const int error = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), variables.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) throw std::runtime_error("the guest could not be started");
  }
  ~Guest() {
    wait();
    ::fclose(output_);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  int pid() const { return pid_; }
  // Blocks: for a line; empty at the end.
  std::string line() {
    std::string text;
    for (int c = ::fgetc(output_); c != EOF && c != '\n'; c = ::fgetc(output_)) text += static_cast<char>(c);
    return text;
  }
  int wait() {
    if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), &status_, 0);
    return status_;
  }

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  std::FILE* output_ = nullptr;
};

class Guard : public testing::RuntimeTest {
 protected:
  // All that the guest says; `in_role`: what its processes in a role do, the guard if empty.
  std::string say(const std::string& task, const std::string& in_role = {}, const std::string& program = TROUPE_TEST_GUEST) {
    std::vector<std::string> environment{"TROUPE_TEST_RUNS=" + runs_path()};
    if (!in_role.empty()) environment.push_back("TROUPE_TEST_IN_ROLE=" + in_role);
    Guest guest(program, task, environment);
    std::string all;
    for (std::string line = guest.line(); !line.empty(); line = guest.line()) all += line + '\n';
    EXPECT_EQ(guest.wait(), 0);
    return all;
  }
  // How many processes came to main.
  std::size_t runs() const {
    std::ifstream file(runs_path());
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
  }
  std::string copy_of_guest() const {
    const auto copy = folder_.path() / "guest";
    fs::copy_file(TROUPE_TEST_GUEST, copy);
    return copy.string();
  }

 private:
  std::string runs_path() const { return (folder_.path() / "runs").string(); }

  const TemporaryFolder folder_;
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr const char* kAdvice = "first in main";

TEST_F(Guard, ThatIsMissingIsALogicErrorWithTheAdvice) {
  const std::string said = say("no-guard");
  EXPECT_TRUE(contains(said, "logic_error: ")) << said;
  EXPECT_TRUE(contains(said, kAdvice)) << said;
  EXPECT_EQ(runs(), 1u);
}

TEST_F(Guard, ThatOnlyARoleMissesIsAStartErrorAndNoForkBomb) {
  const std::string said = say("greet", "no-guard");
  EXPECT_TRUE(contains(said, "StartError: ")) << said;
  EXPECT_TRUE(contains(said, kAdvice)) << said;
  EXPECT_EQ(runs(), 2u);
}

TEST_F(Guard, BehindAnExitOfMainIsAStartErrorAndNoForkBomb) {
  const std::string said = say("greet", "usage");
  EXPECT_TRUE(contains(said, "StartError: ")) << said;
  EXPECT_TRUE(contains(said, kAdvice)) << said;
  EXPECT_EQ(runs(), 2u);
}

TEST_F(Guard, StartsNothingThatComesToMainAgain) {
  EXPECT_EQ(say("greet"), "42\n42\n");
  EXPECT_EQ(runs(), 4u);  // itself, its manager, the zygote, and the host that was executed
}

TEST_F(Guard, OfAFileThatIsNotExecutableAnyMoreSaysWhichAndWhy) {
  const std::string guest = copy_of_guest();
  const std::string said = say("not-executable", {}, guest);
  EXPECT_TRUE(contains(said, "StartError: ")) << said;
  EXPECT_TRUE(contains(said, guest)) << said;
  EXPECT_TRUE(contains(said, "ermission denied")) << said;
}

TEST_F(Guard, StartsAFileThatHasBeenRemoved) { EXPECT_EQ(say("removed", {}, copy_of_guest()), "42\n42\n"); }

// An upgrade under a running program harms nobody: its actors go on to be what it is.
TEST_F(Guard, StartsTheFileThatRunsWhenAnotherHasTakenItsName) { EXPECT_EQ(say("replaced", {}, copy_of_guest()), "42\n42\n"); }

TEST_F(Guard, StartsTheFileThatRunsWhenAnotherTakesItsNameLater) {
  EXPECT_EQ(say("later-replaced", {}, copy_of_guest()), "42\n42\n42\n42\n");
}

TEST_F(Guard, OfAFileThatSomebodyWouldWriteToStartsTheFileThatRuns) {
  EXPECT_EQ(say("written-to", {}, copy_of_guest()), "42\n42\n");
}

// The zygote is there already, and is what it was.
TEST_F(Guard, OfAFileThatStopsBeingExecutableGoesOnForkingAndSaysWhatIsWrongWithExecuting) {
  const std::string guest = copy_of_guest();
  const std::string said = say("later-not-executable", {}, guest);
  EXPECT_EQ(said.find("42\n42\n42\nStartError: "), 0u) << said;
  EXPECT_TRUE(contains(said, guest)) << said;
  EXPECT_TRUE(contains(said, "ermission denied")) << said;
}

TEST_F(Guard, StartsAFileThatNeverHadAName) {
  const int memory = ::memfd_create("guest", 0);
  const int file = ::open(TROUPE_TEST_GUEST, O_RDONLY | O_CLOEXEC);
  for (auto left = fs::file_size(TROUPE_TEST_GUEST); left != 0;)
    left -= static_cast<std::uintmax_t>(::sendfile(memory, file, nullptr, left));
  ::close(file);
  EXPECT_EQ(say("greet", {}, "/proc/self/fd/" + std::to_string(memory)), "42\n42\n");
  ::close(memory);
}

// Else a handle of the runtime would be what the program prints into.
TEST_F(Guard, KeepsTheRuntimeApartFromStandardStreamsThatAreClosed) {
  for (const char* which : {"1", "2", "3", "4", "5", "6", "7"}) {
    for (const std::string task : {"closed-", "closed-later-"})
      EXPECT_EQ(say(task + which), "100 right\n100 right\n") << task << which;
  }
}

TEST_F(Guard, LeavesNothingOfAProgramThatIsKilled) {
  Guest guest(TROUPE_TEST_GUEST, "live", {});
  const OtherProcess host(std::stoi(guest.line())), executed(std::stoi(guest.line())), grandchild(std::stoi(guest.line()));
  const OtherProcess manager = OtherProcess::child(guest.pid(), "troupe-manager");
  const OtherProcess zygote = OtherProcess::child(manager.pid(), "troupe-zygote");
  OtherProcess(guest.pid()).kill();
  host.wait_ended();
  executed.wait_ended();
  grandchild.wait_ended();
  zygote.wait_ended();
  manager.wait_ended();
}

}  // namespace
}  // namespace troupe::test
