// SPDX-License-Identifier: BSL-1.0
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "stage.hpp"

namespace troupe::test {

namespace {

using ::testing::HasSubstr;

class Stack : public ActorHostTest {
 protected:
  // Blocks: until that is what it does.
  static void wait_running(Runtime& runtime, const std::string& method) {
    while (runtime.actors().at(0).running.find(method) == std::string::npos) std::this_thread::yield();
  }
};

// As /proc has it: 'T' for one that is stopped, 'Z' for one that has ended.
char state_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.at(text.rfind(')') + 2);
}

// Of one that nobody has reaped.
bool has_ended(int pid) { return state_of(pid) == 'Z'; }

bool has_tracer(int pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.find("TracerPid:\t0\n") == std::string::npos;
}

}  // namespace

TEST_F(Stack, ShowsWhereOneHangs) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  counter.tell<&Counter::hang>();
  wait_running(runtime, "hang");
  const Outcome outcome = run("stack counter");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.text, HasSubstr(fmt::format("counter (troupe::test::Counter), process {}, life 1: runs", counter.pid())));
  EXPECT_THAT(outcome.text, HasSubstr(fmt::format("\nthread {} (", counter.pid())));
  EXPECT_THAT(outcome.text, HasSubstr("troupe::test::Counter::hang() at "));
  counter.kill();
}

TEST_F(Stack, LeavesAnActorAsItWas) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  for (int round = 0; round < 3; ++round) {
    const auto json = run("stack counter --json").json();
    EXPECT_EQ(json["name"], "counter");
    EXPECT_EQ(json["threads"].at(0)["id"], counter.pid());
    for (const auto& thread : json["threads"]) EXPECT_FALSE(thread["frames"].empty()) << thread;
    EXPECT_EQ(counter.call<&Counter::add>(1).get(), round + 2);
  }
}

TEST_F(Stack, OfAStoppedProcessLeavesItStopped) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  ASSERT_EQ(::kill(counter.pid(), SIGSTOP), 0);
  while (state_of(counter.pid()) != 'T') std::this_thread::yield();
  const Outcome outcome = run("stack counter");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.text, HasSubstr("#0"));
  EXPECT_EQ(state_of(counter.pid()), 'T');
  ASSERT_EQ(::kill(counter.pid(), SIGCONT), 0);
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

TEST_F(Stack, OfAProcessThatADebuggerHasSaysWhatItTakes) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  ASSERT_EQ(::ptrace(PTRACE_SEIZE, counter.pid(), nullptr, nullptr), 0);
  expect_refusal(run("stack counter"), 1, "debugger");
  ASSERT_EQ(::ptrace(PTRACE_INTERRUPT, counter.pid(), nullptr, nullptr), 0);
  ASSERT_EQ(::waitpid(counter.pid(), nullptr, __WALL), counter.pid());
  ASSERT_EQ(::ptrace(PTRACE_DETACH, counter.pid(), nullptr, nullptr), 0);
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

// Wherever that is.
TEST_F(Stack, ThatIsKilledInTheMiddleLeavesAnActorAsItWas) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  for (int caught = 0; caught < 10;) {
    Program stack(TROUPE_ACTOR_HOST, {"stack", "counter"});
    while (!has_tracer(counter.pid()) && !has_ended(stack.pid())) continue;
    if (has_ended(stack.pid())) continue;                      // it was too quick
    for (int i = 0; i < caught * 200; ++i) (void)::getppid();  // another place each time
    stack.kill();
    ++caught;
    ASSERT_EQ(counter.call<&Counter::add>(0).get(), 1);
  }
}

TEST_F(Stack, OfNobodySaysWhoIsThere) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("stack conter"), 4, "there are: counter");
}

}  // namespace troupe::test
