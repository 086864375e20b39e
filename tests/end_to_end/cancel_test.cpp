// SPDX-License-Identifier: BSL-1.0
// Calls that their caller does not want any more: what has not begun never runs, what runs is asked to stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "actors.hpp"
#include "gate.hpp"
#include "processes.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Waits in a method until it is asked to stop.
class Patient {
 public:
  explicit Patient(const std::string& gate) : gate_(gate) {}

  int count_until_stopped() {
    const std::stop_token stop = this_call().stop_token();
    wait_at(gate_);
    while (!stop.stop_requested()) std::this_thread::yield();
    throw CancelledError();
  }
  // With what was counted so far, which is a result like any other.
  int give_what_there_is() {
    const std::stop_token stop = this_call().stop_token();
    wait_at(gate_);
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait(lock, stop, [] { return false; });
    return 7;
  }
  int take_the_token_late() {
    wait_at(gate_);
    const std::stop_token stop = this_call().stop_token();
    while (!stop.stop_requested()) std::this_thread::yield();
    throw CancelledError();
  }
  bool was_callback_elsewhere() {
    const std::stop_token stop = this_call().stop_token();
    std::atomic<bool> has_run = false;
    std::atomic<bool> is_elsewhere = false;
    const std::stop_callback callback(stop, [&, here = std::this_thread::get_id()] {
      is_elsewhere = std::this_thread::get_id() != here;
      has_run = true;
    });
    wait_at(gate_);
    while (!has_run) std::this_thread::yield();
    return is_elsewhere;
  }
  void throw_unasked() { throw CancelledError("of its own accord"); }
  void hang() {
    wait_at(gate_);
    for (;;) std::this_thread::sleep_for(1h);
  }
  // As one does that holds what the callback wants.
  void block_stop_callback() {
    const std::stop_callback callback(this_call().stop_token(), [] {
      for (;;) std::this_thread::sleep_for(1h);
    });
    hang();
  }
  bool is_stopped() { return this_call().stop_token().stop_requested(); }
  int note(int number) { return number; }

 private:
  const std::string gate_;
};

class Cancel : public testing::RuntimeTest {
 protected:
  Proxy<Recorder> recorder() { return runtime().spawn<Recorder>(); }
  Proxy<Patient> patient() { return runtime().spawn<Patient>(gate.path()); }

  Gate gate;
};

TEST_F(Cancel, KeepsACallThatWaitsFromRunning) {
  auto actor = recorder();
  const auto held = actor.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto first = actor.call<&Recorder::note>(1);
  const auto second = actor.call<&Recorder::note>(2);

  EXPECT_TRUE(first.cancel());

  EXPECT_TRUE(first.ready());
  EXPECT_TRUE(first.cancelled());
  EXPECT_FALSE(first.running());
  EXPECT_THROW(first.get(), CancelledError);
  EXPECT_TRUE(first.cancel()) << "as before";
  gate.let_go();
  held.get();
  EXPECT_EQ(second.get(), 2);
  EXPECT_FALSE(second.cancelled());
  EXPECT_THAT(actor.call<&Recorder::seen>().get(), ElementsAre(2));
}

TEST_F(Cancel, IsNoError) {
  auto actor = recorder();
  const auto held = actor.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto cancelled = actor.call<&Recorder::note>(1);
  cancelled.cancel();
  try {
    cancelled.get();
  } catch (const Error&) {
    ADD_FAILURE() << "whoever catches errors has swallowed it";
  } catch (const CancelledError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Recorder::note of actor "));
    EXPECT_THAT(error.what(), HasSubstr("it had not started"));
  }
  gate.let_go();
}

TEST_F(Cancel, IsTooLateForWhatIsDone) {
  auto actor = recorder();
  const auto done = actor.call<&Recorder::note>(1);
  done.wait();
  EXPECT_FALSE(done.cancel());
  EXPECT_FALSE(done.cancelled());
  EXPECT_EQ(done.get(), 1);
}

TEST_F(Cancel, RunsTheCallbacks) {
  auto actor = recorder();
  const auto held = actor.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto cancelled = actor.call<&Recorder::note>(1);
  std::atomic<bool> was_cancelled = false;
  cancelled.on_done([&](const AsyncResult<int>& result) { was_cancelled = result.cancelled(); });
  EXPECT_TRUE(cancelled.cancel());
  cancelled.wait();
  EXPECT_TRUE(was_cancelled);
  gate.let_go();
}

TEST_F(Cancel, WakesWhoWaits) {
  auto actor = recorder();
  const auto held = actor.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto cancelled = actor.call<&Recorder::note>(1);
  std::vector<std::thread> waiting;
  for (int i = 0; i < 3; ++i) waiting.emplace_back([&] { EXPECT_THROW(cancelled.get(), CancelledError); });
  EXPECT_TRUE(cancelled.cancel());
  for (std::thread& each : waiting) each.join();
  gate.let_go();
}

// The slots of what was cancelled serve again, and so does the room.
TEST_F(Cancel, LeavesTheMailboxAsItWas) {
  auto actor = runtime().spawn<Recorder>({.mailbox = {.calls = 8, .when_full = WhenFull::block}});
  for (int round = 0; round < 50; ++round) {
    Gate gate_of_round;
    const auto held = actor.call<&Recorder::hold>(gate_of_round.path());
    gate_of_round.wait_reached();
    std::vector<AsyncResult<int>> calls;
    for (int i = 0; i < 7; ++i) calls.push_back(actor.call<&Recorder::note>(i));
    for (const auto& each : calls) EXPECT_TRUE(each.cancel());
    gate_of_round.let_go();
    held.get();
  }
  EXPECT_THAT(actor.call<&Recorder::seen>().get(), ::testing::IsEmpty());
}

// Of each call exactly one of the two is true: it was cancelled and did not run, or it ran and was not.
TEST_F(Cancel, IsExactInARace) {
  constexpr int kCalls = 3000;
  auto actor = recorder();
  std::vector<int> kept;
  for (int number = 0; number < kCalls; ++number) {
    const auto call = actor.call<&Recorder::note>(number);
    for (std::atomic<int> spin = 0; spin < number % 300; ++spin) continue;
    const bool is_cancelled = call.cancel();
    EXPECT_EQ(call.exception() != nullptr, is_cancelled);
    EXPECT_EQ(call.cancelled(), is_cancelled);
    if (!is_cancelled) kept.push_back(number);
  }
  EXPECT_EQ(actor.call<&Recorder::seen>().get(), kept);
}

TEST_F(Cancel, OfOneByManyThreadsIsOneCancellation) {
  auto actor = recorder();
  for (int round = 0; round < 100; ++round) {
    Gate gate_of_round;
    const auto held = actor.call<&Recorder::hold>(gate_of_round.path());
    gate_of_round.wait_reached();
    const auto cancelled = actor.call<&Recorder::note>(round);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { EXPECT_TRUE(cancelled.cancel()); });
    for (std::thread& each : threads) each.join();
    EXPECT_TRUE(cancelled.cancelled());
    gate_of_round.let_go();
    held.get();
  }
}

TEST_F(Cancel, OfACallInTheQueueFreesItsPlace) {
  auto actor = runtime().spawn<Recorder>({.mailbox = {.calls = 2, .when_full = WhenFull::spill}});
  const auto held = actor.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  std::vector<AsyncResult<int>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(actor.call<&Recorder::note>(i));
  for (int i = 3; i < 9; ++i) EXPECT_TRUE(calls[static_cast<std::size_t>(i)].cancel());
  gate.let_go();
  EXPECT_EQ(calls.back().get(), 9);
  EXPECT_THAT(actor.call<&Recorder::seen>().get(), ElementsAre(0, 1, 2, 9));
}

TEST_F(Cancel, HoldsBetweenTwoLives) {
  auto actor = runtime().spawn<Recorder>({.restart = {.max = 5, .backoff = {.first = 50ms}}});
  const auto held = actor.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto first = actor.call<&Recorder::note>(1);
  const auto second = actor.call<&Recorder::note>(2);
  EXPECT_TRUE(first.cancel());
  const auto pid = actor.pid();
  OtherProcess(pid).kill();
  EXPECT_THROW(held.get(), ActorDied);
  EXPECT_EQ(second.get(), 2);
  EXPECT_TRUE(first.cancelled());
  EXPECT_THAT(actor.call<&Recorder::seen>().get(), ElementsAre(2));
  gate.let_go();
}

// A call that a dead host had not started waits in the queue again, wherever that has got to.
TEST_F(Cancel, KeepsACallFromTheNextLife) {
  auto actor = runtime().spawn<Recorder>({.restart = {.max = 5, .backoff = {.first = 50ms}}});
  Gate next_gate;
  const auto held = actor.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto held_next = actor.call<&Recorder::hold>(next_gate.path());
  const auto first = actor.call<&Recorder::note>(1);
  const auto second = actor.call<&Recorder::note>(2);
  OtherProcess(actor.pid()).kill();
  EXPECT_THROW(held.get(), ActorDied);
  EXPECT_TRUE(first.cancel());
  next_gate.open();
  held_next.get();
  EXPECT_EQ(second.get(), 2);
  EXPECT_TRUE(first.cancelled());
  EXPECT_THAT(actor.call<&Recorder::seen>().get(), ElementsAre(2));
}

TEST_F(Cancel, OfASpawnEndsTheActor) {
  Gate at_start;
  const auto spawning = runtime().spawn_async<Recorder>({.name = "unwanted"}, at_start.path());
  at_start.wait_reached();
  EXPECT_TRUE(spawning.cancel());
  EXPECT_TRUE(spawning.cancelled());
  at_start.let_go();
  while (!runtime().actors().empty()) std::this_thread::yield();
}

TEST_F(Cancel, AsksARunningCallToStop) {
  auto actor = patient();
  const auto running = actor.call<&Patient::count_until_stopped>();
  gate.wait_reached();
  EXPECT_TRUE(running.running());
  EXPECT_FALSE(running.cancel()) << "it runs";
  gate.let_go();
  EXPECT_THROW(running.get(), CancelledError);
  EXPECT_TRUE(running.cancelled());
  EXPECT_FALSE(running.running());
  EXPECT_FALSE(actor.call<&Patient::is_stopped>().get()) << "the next call is asked nothing";
}

TEST_F(Cancel, LeavesARunningCallItsResult) {
  auto actor = patient();
  const auto running = actor.call<&Patient::give_what_there_is>();
  gate.open();
  EXPECT_FALSE(running.cancel());
  EXPECT_EQ(running.get(), 7);
  EXPECT_FALSE(running.cancelled());
}

TEST_F(Cancel, IsKnownToATokenThatIsTakenLater) {
  auto actor = patient();
  const auto running = actor.call<&Patient::take_the_token_late>();
  gate.wait_reached();
  EXPECT_FALSE(running.cancel());
  gate.let_go();
  EXPECT_THROW(running.get(), CancelledError);
}

TEST_F(Cancel, RunsStopCallbacksInAnotherThread) {
  auto actor = patient();
  const auto running = actor.call<&Patient::was_callback_elsewhere>();
  gate.open();
  EXPECT_FALSE(running.cancel());
  EXPECT_TRUE(running.get());
}

// Of an actor's own cancellations the caller hears as of any exception: this one speaks of the caller's call only.
TEST_F(Cancel, IsNotWhatAMethodThrowsUnasked) {
  auto actor = patient();
  const auto call = actor.call<&Patient::throw_unasked>();
  EXPECT_THROW(call.get(), RemoteException);
  EXPECT_FALSE(call.cancelled());
}

TEST_F(Cancel, ByForceKillsAndRestarts) {
  auto actor = runtime().spawn<Patient>({.restart = {.max = 5, .backoff = {.first = 0s}}}, gate.path());
  auto told = std::make_shared<std::promise<DeathCause>>();
  runtime().on_event([told](const RuntimeEvent& event) {
    const auto* down = std::get_if<Down>(&event);
    if (down != nullptr && down->incarnation == 1) told->set_value(down->cause);
  });
  const auto hanging = actor.call<&Patient::hang>();
  const auto next = actor.call<&Patient::note>(3);
  gate.wait_reached();
  EXPECT_FALSE(hanging.cancel(Force{10ms}));
  EXPECT_THROW(hanging.get(), CancelledError);
  EXPECT_TRUE(hanging.cancelled());
  EXPECT_EQ(next.get(), 3);
  EXPECT_EQ(actor.incarnation(), 2u);
  gate.let_go();
  const DeathCause cause = told->get_future().get();
  EXPECT_EQ(cause.kind, DeathKind::killed_by_us);
  EXPECT_THAT(cause.detail, HasSubstr("cancelled the call that ran, by force"));
}

TEST_F(Cancel, ByForceIsNotHeldUpByWhatIsToStop) {
  auto actor = runtime().spawn<Patient>({.restart = {.max = 5, .backoff = {.first = 0s}}}, gate.path());
  for (int round = 0; round < 2; ++round) {
    const auto hanging = actor.call<&Patient::block_stop_callback>();
    gate.open();
    EXPECT_FALSE(hanging.cancel());
    EXPECT_FALSE(hanging.cancel(Force{20ms}));
    EXPECT_THROW(hanging.get(), CancelledError);
  }
}

TEST_F(Cancel, ByForceIsNotToBlameForOtherDeaths) {
  auto actor = runtime().spawn<Patient>({.restart = {.max = 5, .backoff = {.first = 0s}}}, gate.path());
  const auto hanging = actor.call<&Patient::hang>();
  gate.open();
  EXPECT_FALSE(hanging.cancel(Force{1h}));
  OtherProcess(actor.pid()).kill();
  EXPECT_EQ(cause_of(hanging).kind, DeathKind::signal);
}

TEST_F(Cancel, OfARunningIdempotentCallKeepsItFromTheNextLife) {
  auto actor = runtime().spawn<Patient>({.restart = {.max = 5, .backoff = {.first = 0s}}}, gate.path());
  const auto hanging = actor.with({.idempotent = true}).call<&Patient::hang>();
  gate.open();
  EXPECT_FALSE(hanging.cancel());
  OtherProcess(actor.pid()).kill();
  EXPECT_EQ(verdict<ActorDied>(hanging), Execution::maybe);
  EXPECT_EQ(actor.call<&Patient::note>(3).get(), 3);
}

TEST_F(Cancel, ByForceSparesWhatStopsInTime) {
  auto actor = runtime().spawn<Patient>({.restart = {.max = 5}}, gate.path());
  const auto running = actor.call<&Patient::give_what_there_is>();
  gate.open();
  EXPECT_FALSE(running.cancel(Force{1h}));
  EXPECT_EQ(running.get(), 7);
  EXPECT_EQ(actor.incarnation(), 1u);
}

TEST_F(Cancel, ByForceNeedsAnActorThatIsStartedAgain) {
  auto actor = patient();
  const auto running = actor.call<&Patient::give_what_there_is>();
  gate.open();
  try {
    running.cancel(Force{});
    ADD_FAILURE() << "it would have been lost";
  } catch (const std::logic_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("SpawnOptions::restart"));
  }
  EXPECT_FALSE(running.ready());
  running.cancel();
  EXPECT_EQ(running.get(), 7);
}

TEST(ThisCall, IsAnErrorOutsideOfAMethod) { EXPECT_THROW(this_call(), std::logic_error); }

}  // namespace
}  // namespace troupe::test
