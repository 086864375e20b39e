// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>

#include "stage.hpp"

namespace troupe::test {

namespace {

using ::testing::HasSubstr;

class Logs : public ActorHostTest {
 protected:
  // What it prints comes a little later than its replies. Blocks: until `text` is shown.
  Outcome wait_shown(const std::string& command_line, const std::string& text) const {
    for (;;) {
      Outcome outcome = run(command_line);
      if (outcome.text.find(text) != std::string::npos) return outcome;
      std::this_thread::yield();
    }
  }
  static auto captured(Runtime& runtime) { return runtime.spawn<Counter>({.name = "counter", .stdio = Stdio::capture}, 1); }
};

}  // namespace

TEST_F(Logs, ShowWhatACapturedActorHasPrinted) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = captured(runtime);
  counter.call<&Counter::print>("one\n\ttwo \x1b[2J\n").get();
  const Outcome outcome = wait_shown("logs counter", "two");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.text, "one\n\ttwo \\x1b[2J\n");
  counter.call<&Counter::complain>("three\n").get();
  EXPECT_EQ(wait_shown("logs counter", "three").text, "one\n\ttwo \\x1b[2J\nthree\n");
}

TEST_F(Logs, ShowTheLastLines) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = captured(runtime);
  counter.call<&Counter::print>("one\ntwo\nthree\n").get();
  EXPECT_EQ(wait_shown("logs counter --lines 2", "three").text, "two\nthree\n");
  EXPECT_EQ(run("logs counter --lines 0").text, "");
}

TEST_F(Logs, AreOfAllLives) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 1}, .stdio = Stdio::capture}, 1);
  counter.tell<&Counter::print>("one\n");
  EXPECT_THROW(counter.call<&Counter::crash>().get(), ActorDied);
  counter.call<&Counter::print>("two\n").get();
  EXPECT_EQ(wait_shown("logs counter", "two").text, "one\ntwo\n");
}

TEST_F(Logs, OfOneThatIsGoneAreThere) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = captured(runtime);
  counter.tell<&Counter::print>("the last word");
  EXPECT_THROW(counter.call<&Counter::crash>().get(), ActorDied);
  counter.wait();
  EXPECT_EQ(run("logs counter").text, "the last word\n");
}

TEST_F(Logs, AreFollowedUntilTheActorEnds) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = captured(runtime);
  counter.call<&Counter::print>("one\n").get();
  Program logs("/bin/sh", {"-c", TROUPE_ACTOR_HOST " logs counter -f 2>&1"});
  EXPECT_EQ(logs.line(), "one");
  counter.call<&Counter::print>("two\n").get();
  EXPECT_EQ(logs.line(), "two");
  counter.tell<&Counter::print>("three\n");
  counter.stop();
  EXPECT_EQ(logs.rest(), "three\nactor-host: \"counter\" has ended; see actor-host down\n");
  EXPECT_EQ(logs.wait(), 0);
}

// A reader that does not read holds up neither the actor nor its manager; what was not kept for it is said.
TEST_F(Logs, SayWhatASlowReaderHasMissed) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = captured(runtime);
  counter.call<&Counter::print>("one\n").get();
  Program logs("/bin/sh", {"-c", "exec " TROUPE_ACTOR_HOST " logs counter -f 2>&1"});
  EXPECT_EQ(logs.line(), "one");
  logs.send(SIGSTOP);
  for (int i = 0; i < 30; ++i) {
    std::string lines;
    for (int line = 0; line < 100; ++line) lines += fmt::format("{} {}\n", i, line);
    counter.call<&Counter::print>(lines).get();
  }
  wait_shown("logs counter", "29 99\n");
  logs.send(SIGCONT);
  counter.stop();
  const std::string rest = logs.rest();
  EXPECT_THAT(rest, HasSubstr("missing: the manager keeps the last ones only\n"));
  EXPECT_THAT(rest, HasSubstr("\n29 99\n"));
}

TEST_F(Logs, OfOneThatIsNotCapturedSayHowToCaptureIt) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("logs counter"), 1, "SpawnOptions::stdio = Stdio::capture");
}

TEST_F(Logs, OfNobodySayWhoIsThere) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("logs conter"), 4, "there are: counter");
}

}  // namespace troupe::test
