// SPDX-License-Identifier: BSL-1.0
#include "stage.hpp"

namespace troupe::test {

using Driving = ActorHostTest;

TEST_F(Driving, StopLetsAnActorFinish) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto farewell = folder() / "farewell";
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1, farewell.string());
  const Outcome outcome = run("stop counter");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.text, "counter: its process exited with code 0\n");
  EXPECT_TRUE(std::filesystem::exists(farewell));
  EXPECT_FALSE(runtime.find<Counter>("counter"));
}

TEST_F(Driving, StopEndsOneThatHangsAfterItsGrace) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  counter.tell<&Counter::hang>();
  const Outcome outcome = run("stop counter --grace 0.01");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.text, ::testing::HasSubstr("was killed by signal"));
}

TEST_F(Driving, DrainLeavesOutNothingThatWasSent) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  Gate gate;
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  const auto running = counter.call<&Counter::wait>(gate.path());
  gate.wait_reached();
  const auto behind = counter.call<&Counter::add>(1);
  Program drain(TROUPE_ACTOR_HOST, {"drain", "counter"});
  while (runtime.actors().at(0).state != ActorState::stopping) std::this_thread::yield();
  gate.let_go();
  EXPECT_EQ(running.get(), 1);
  EXPECT_EQ(behind.get(), 2);
  EXPECT_EQ(drain.rest(), "counter: its process exited with code 0\n");
  EXPECT_EQ(drain.wait(), 0);
}

TEST_F(Driving, KillEndsSeveralForGood) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto one = runtime.spawn<Counter>({.name = "one", .restart = {.max = 3}}, 1);
  const auto two = runtime.spawn<Counter>({.name = "two"}, 1);
  const Outcome outcome = run("kill one two");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.text,
            "one: its process was killed by signal 9 (SIGKILL)\ntwo: its process was killed by signal 9 (SIGKILL)\n");
  EXPECT_THROW(one.call<&Counter::add>(1).get(), ActorDied);
}

TEST_F(Driving, KillEndsOneThatIsBeingStopped) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  counter.tell<&Counter::hang>();
  counter.stop(std::chrono::hours(1));
  const Outcome outcome = run("kill counter");
  EXPECT_EQ(outcome.text, "counter: its process was killed by signal 9 (SIGKILL)\n") << outcome.errors;
}

TEST_F(Driving, ReachesDetachedActorsWhoseProgramHasGone) {
  const Program lab = serve("lab");
  {
    auto runtime = Runtime::connect("lab");
    runtime.spawn<Counter>({.name = "counter", .lifetime = Lifetime::detached}, 1);
  }
  EXPECT_EQ(run("stop counter").exit_code, 0);
  EXPECT_EQ(run("ps --json").json().size(), 0u);
}

}  // namespace troupe::test
