// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>

#include <stdexcept>

#include "stage.hpp"

namespace troupe::test {

namespace {

using ::testing::HasSubstr;

// Comes up where that file is not.
class Fragile {
 public:
  explicit Fragile(const std::string& obstacle) {
    if (std::filesystem::exists(obstacle)) throw std::runtime_error("there is an obstacle");
  }
  int answer() { return 42; }
};

}  // namespace

using Restarting = ActorHostTest;

TEST_F(Restarting, BeginsANewLifeForTheProxiesThatThereAre) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto farewell = folder() / "farewell";
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 1}}, 1, farewell.string());
  EXPECT_EQ(counter.call<&Counter::add>(5).get(), 6);
  const int before = counter.pid();
  const Outcome outcome = run("restart counter");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_TRUE(std::filesystem::exists(farewell));
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
  const int now = counter.call<&Counter::pid>().get();
  EXPECT_NE(now, before);
  EXPECT_EQ(outcome.text, fmt::format("counter: its process exited with code 0; in life 2 it is process {}\n", now));
  EXPECT_EQ(run("ps --json --interval 0.01").json().at(0)["restarts"], 1);
}

TEST_F(Restarting, LeavesOutNothingThatWasSent) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  Gate gate;
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 1}}, 1);
  const auto running = counter.call<&Counter::wait>(gate.path());
  gate.wait_reached();
  Program restart(TROUPE_ACTOR_HOST, {"restart", "counter", "--grace", "3600"});
  while (runtime.actors().at(0).state != ActorState::stopping) std::this_thread::yield();
  const auto behind = counter.call<&Counter::add>(1);
  gate.let_go();
  EXPECT_EQ(running.get(), 1);
  EXPECT_EQ(behind.get(), 2);
  EXPECT_THAT(restart.rest(), HasSubstr("in life 2"));
  EXPECT_EQ(restart.wait(), 0);
}

TEST_F(Restarting, IsNoFailureThatThePolicyCounts) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 1}}, 1);
  for (int round = 0; round < 3; ++round) EXPECT_EQ(run("restart counter").exit_code, 0);
  EXPECT_THROW(counter.call<&Counter::crash>().get(), ActorDied);
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

TEST_F(Restarting, EndsOneThatHangsAfterItsGrace) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 1}}, 1);
  counter.tell<&Counter::hang>();
  const Outcome outcome = run("restart counter --grace 0.01");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.text, HasSubstr("was killed by signal"));
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

TEST_F(Restarting, OfOneThatMayNotSaysWhatToDo) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("restart counter"), 1, "\"counter\" cannot be restarted: it was spawned without a restart policy");
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

TEST_F(Restarting, OfAGroupsMemberIsTheGroups) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto group = runtime.supervise({});
  const auto counter = group.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("restart counter"), 1, "its group");
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

TEST_F(Restarting, OfOneThatIsBeingStoppedIsRefused) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 1}}, 1);
  counter.tell<&Counter::hang>();
  counter.stop(std::chrono::hours(1));
  expect_refusal(run("restart counter"), 1, "it is being stopped");
  counter.kill();
}

TEST_F(Restarting, ThatComesToNothingSaysWhy) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto obstacle = folder() / "obstacle";
  const auto fragile = runtime.spawn<Fragile>({.name = "fragile", .restart = {.max = 1}}, obstacle.string());
  std::ofstream(obstacle) << "here";
  expect_refusal(run("restart fragile"), 1, "\"fragile\" was not restarted: its constructor threw");
  EXPECT_THROW(fragile.call<&Fragile::answer>().get(), ActorDied);
}

TEST_F(Restarting, OfNobodySaysWhoIsThere) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("restart conter"), 4, "there are: counter");
}

}  // namespace troupe::test
