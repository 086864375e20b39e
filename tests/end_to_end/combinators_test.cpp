// SPDX-License-Identifier: BSL-1.0
// Results of calls, combined: with actors that answer, hold out, die and are cancelled, and from within callbacks.
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "actors.hpp"
#include "gate.hpp"

namespace troupe::test {
namespace {

using std::chrono::milliseconds;

class Combinators : public testing::RuntimeTest {
 protected:
  std::vector<Proxy<Counter>> counters(int count) {
    std::vector<Proxy<Counter>> all;
    for (int i = 0; i < count; ++i) all.push_back(runtime().spawn<Counter>(0));
    return all;
  }
};

TEST_F(Combinators, GatherManyCallsToSeveralActors) {
  const auto actors = counters(3);
  std::vector<AsyncResult<int>> results;
  for (std::size_t i = 0; i < 3000; ++i) results.push_back(actors[i % 3].call<&Counter::add>(1));
  const auto values = gather(results).get();
  EXPECT_EQ(values.front(), 1);
  EXPECT_EQ(values.back(), 1000);
}

TEST_F(Combinators, GatherResultsThatRunUserCodeWhenTheyAreDecoded) {
  const auto everything = runtime().spawn<Everything>();
  const auto counter = runtime().spawn<Counter>(4);
  const auto number = counter.call<&Counter::get>();
  const auto all = gather(everything.call<&Everything::echo>("text"), number, counter.call<&Counter::reset>(),
                          everything.call<&Everything::move_only>(7));
  EXPECT_EQ(std::get<0>(all.get()), "text");
  EXPECT_EQ(std::get<1>(all.get()), 4);
  EXPECT_EQ(*std::get<3>(all.get()), 7);
}

TEST_F(Combinators, GatherFailsAtOnceWhenAnActorDiesAndTheOthersGoOn) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto victim = runtime().spawn<Victim>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto noted = recorder.call<&Recorder::note>(5);
  const auto all = gather(held, noted, victim.call<&Victim::segfault>());
  EXPECT_TRUE(has_failed_with<ActorDied>(all));
  EXPECT_FALSE(held.ready());
  gate.let_go();
  EXPECT_EQ(noted.get(), 5);
}

TEST_F(Combinators, GatherSettledTellsWhatHasDied) {
  const auto counter = runtime().spawn<Counter>(1);
  const auto victim = runtime().spawn<Victim>();
  const auto thrower = runtime().spawn<Thrower>();
  const auto all =
      gather_settled(counter.call<&Counter::get>(), victim.call<&Victim::abort>(), thrower.call<&Thrower::out_of_range>());
  const auto& [value, death, exception] = all.get();
  EXPECT_EQ(value.value(), 1);
  EXPECT_THROW(death.value(), ActorDied);
  EXPECT_THROW(exception.value(), std::out_of_range);
}

TEST_F(Combinators, CancellingAGatherCancelsTheCallsThatHaveNotStarted) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  std::vector<AsyncResult<int>> notes;
  for (int i = 0; i < 5; ++i) notes.push_back(recorder.call<&Recorder::note>(i));
  const auto all = gather(notes);
  EXPECT_TRUE(all.cancel());
  EXPECT_TRUE(all.cancelled());
  gate.let_go();
  held.get();
  EXPECT_TRUE(recorder.call<&Recorder::seen>().get().empty());
}

TEST_F(Combinators, CancellingWhatFollowsACallCancelsTheCall) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto after = recorder.call<&Recorder::note>(1).then([](int n) { return n + 1; });
  EXPECT_TRUE(after.cancel());
  gate.let_go();
  EXPECT_TRUE(recorder.call<&Recorder::seen>().get().empty());
}

TEST_F(Combinators, ThenMayCallAnActorAndTakeItsResult) {
  const auto actors = counters(2);
  const AsyncResult<int> sum = actors[0].call<&Counter::add>(5).then([&](int n) { return actors[1].call<&Counter::add>(n + 1); });
  EXPECT_EQ(sum.get(), 6);
}

TEST_F(Combinators, ThenFailsWithTheDeathOfTheActorThatItsFunctionCalled) {
  const auto victim = runtime().spawn<Victim>();
  const auto after = victim.call<&Victim::ok>().then([&](int) { return victim.call<&Victim::abort>(); });
  EXPECT_TRUE(has_failed_with<ActorDied>(after));
}

TEST_F(Combinators, WaitEndsAtItsTimeOutAndWithTheDeathOfAnActor) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto victim = runtime().spawn<Victim>();
  const auto death = victim.call<&Victim::abort>();
  EXPECT_EQ(wait({held, death}, {}, ReturnWhen::first_exception).done, std::vector{death});
  EXPECT_EQ(wait({held, death}, milliseconds(5)).pending, std::vector{held});
  gate.let_go();
  EXPECT_EQ(wait({held, death}).done.size(), 2u);
}

TEST_F(Combinators, WaitOncePollsWhatHasArrived) {
  const auto counter = runtime().spawn<Counter>(0);
  const auto result = counter.call<&Counter::add>(1);
  while (!wait({result}, milliseconds(0)).pending.empty()) std::this_thread::yield();
  EXPECT_EQ(result.get(), 1);
}

TEST_F(Combinators, WaitGoesThroughManyCallsByTheFirstThatIsDone) {
  const auto actors = counters(2);
  std::vector<AsyncResult<int>> pending;
  for (std::size_t i = 0; i < 200; ++i) pending.push_back(actors[i % 2].call<&Counter::add>(1));
  std::size_t done = 0;
  while (!pending.empty()) {
    auto waited = wait(pending, {}, ReturnWhen::first_completed);
    done += waited.done.size();
    pending = std::move(waited.pending);
  }
  EXPECT_EQ(done, 200u);
}

TEST_F(Combinators, AsCompletedGivesCallsInTheOrderOfTheirEnds) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto counter = runtime().spawn<Counter>(0);
  std::vector<AsyncResult<int>> results;
  recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  results.push_back(recorder.call<&Recorder::note>(100));
  for (int i = 0; i < 3; ++i) results.push_back(counter.call<&Counter::add>(1));
  std::vector<int> order;
  for (auto& result : as_completed(results)) {
    order.push_back(result.get());
    if (order.size() == 3) gate.let_go();
  }
  EXPECT_EQ(order, (std::vector{1, 2, 3, 100}));
}

TEST_F(Combinators, AsCompletedTimesOutWhileAnActorHolds) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  EXPECT_THROW(
      {
        for (auto& result : as_completed({held}, milliseconds(5))) result.get();
      },
      TimeoutError);
  gate.let_go();
}

TEST_F(Combinators, WhenAnyGivesTheActorThatAnswers) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  EXPECT_EQ(when_any(held, runtime().spawn<Everything>().call<&Everything::echo>("first")).get(), 1u);
  gate.let_go();
}

TEST_F(Combinators, TakeSpawnsToo) {
  std::vector<AsyncResult<Proxy<Counter>>> spawns;
  for (int i = 0; i < 4; ++i) spawns.push_back(runtime().spawn_async<Counter>(i));
  const auto all = gather(std::move(spawns));
  EXPECT_EQ(all.get()[3].call<&Counter::get>().get(), 3);
  EXPECT_TRUE(has_failed_with<std::invalid_argument>(gather(runtime().spawn_async<Thrower>(std::string("no")))));
}

TEST_F(Combinators, CallsBecomeFuturesAndBack) {
  const auto counter = runtime().spawn<Counter>(1);
  std::future<int> future = to_future(counter.call<&Counter::add>(1));
  EXPECT_EQ(from_future(std::move(future)).then([&](int n) { return counter.call<&Counter::add>(n); }).get(), 4);
}

TEST_F(Combinators, EndWithTheRuntime) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto text = runtime().spawn<Everything>().call<&Everything::echo>("x");
  text.wait();
  const auto all = gather(recorder.call<&Recorder::note>(1), text);
  const auto after = all.then([](const auto&) {});
  gate.let_go();
  runtime().shutdown(milliseconds(0));
  all.wait();
  after.wait();
}

// Waits, in a method, for what is made of a call to its own actor.
class Selfish {
 public:
  void set(const Proxy<Selfish>& self) { self_ = self; }
  int number() const { return 1; }
  int awaits_then() {
    return self_.call<&Selfish::number>().then([](int n) { return n + 1; }).get();
  }
  int awaits_gather(const Proxy<Counter>& other) {
    return std::get<0>(gather(other.call<&Counter::get>(), self_.call<&Selfish::number>()).get());
  }
  std::size_t awaits_all(const Proxy<Counter>& other) {
    return wait({other.call<&Counter::get>(), self_.call<&Selfish::number>()}).done.size();
  }
  std::size_t awaits_any(const Proxy<Counter>& other) {
    return when_any(self_.call<&Selfish::number>(), other.call<&Counter::get>()).get();
  }

 private:
  Proxy<Selfish> self_;
};

TEST_F(Combinators, OfAnActorsCallToItselfCannotBeAwaitedInItsMethod) {
  const auto selfish = runtime().spawn<Selfish>();
  const auto other = runtime().spawn<Counter>(0);
  selfish.call<&Selfish::set>(selfish).get();
  for (const auto& result : {selfish.call<&Selfish::awaits_then>(), selfish.call<&Selfish::awaits_gather>(other)}) {
    EXPECT_TRUE(has_failed_with<RemoteException>(result));
  }
  EXPECT_TRUE(has_failed_with<RemoteException>(selfish.call<&Selfish::awaits_all>(other)));
  EXPECT_EQ(selfish.call<&Selfish::awaits_any>(other).get(), 1u);
  selfish.kill();
}

// ---- in callbacks

TEST_F(Combinators, MayBeAwaitedInCallbacksThoughTheyRunInTheSameThread) {
  const auto everything = runtime().spawn<Everything>();
  for (int round = 0; round < 50; ++round) {
    std::promise<std::string> seen;
    everything.call<&Everything::echo>("a").on_done([&] {
      const auto one = everything.call<&Everything::echo>("b");
      const auto other = one.then([](const std::string& text) { return text + "c"; });
      const auto all = gather(one, other).then([](const auto& both) { return std::get<0>(both) + std::get<1>(both); });
      seen.set_value(all.get());
    });
    EXPECT_EQ(seen.get_future().get(), "bbc");
  }
}

TEST_F(Combinators, MayBeLookedAtInCallbacksUntilTheyAreReady) {
  const auto everything = runtime().spawn<Everything>();
  std::promise<std::size_t> seen;
  everything.call<&Everything::echo>("a").on_done([&] {
    const auto length = everything.call<&Everything::echo>("four").then([](const std::string& text) { return text.size(); });
    while (!length.ready()) std::this_thread::yield();
    seen.set_value(length.get());
  });
  EXPECT_EQ(seen.get_future().get(), 4u);
}

TEST_F(Combinators, MayBeWaitedForInCallbacksTogether) {
  const auto thrower = runtime().spawn<Thrower>();
  const auto everything = runtime().spawn<Everything>();
  for (int round = 0; round < 50; ++round) {
    std::promise<std::size_t> seen;
    everything.call<&Everything::echo>("a").on_done([&] {
      const auto one = everything.call<&Everything::echo>("b");
      one.on_done([] {});
      std::size_t count = 0;
      for (auto& result : as_completed({one, one.then([](const std::string& text) { return text; })}))
        count += result.get().size();
      count += wait({thrower.call<&Thrower::out_of_range>()}, {}, ReturnWhen::first_exception).done.size();
      seen.set_value(count);
    });
    EXPECT_EQ(seen.get_future().get(), 3u);
  }
}

TEST_F(Combinators, WaitInACallbackEndsAtItsTimeOut) {
  Gate gate;
  const auto recorder = runtime().spawn<Recorder>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  std::promise<bool> seen;
  runtime().spawn<Counter>(0).call<&Counter::get>().on_done([&] { seen.set_value(held.then([] {}).wait(milliseconds(5))); });
  EXPECT_FALSE(seen.get_future().get());
  gate.let_go();
  held.get();
}

TEST_F(Combinators, MayBeDestroyedInTheirCallbacksWithTheRuntimesLastObjects) {
  std::promise<void> done;
  auto counter = std::make_unique<Proxy<Counter>>(runtime().spawn<Counter>(0));
  auto all = std::make_unique<AsyncResult<std::tuple<int, int>>>(
      gather(counter->call<&Counter::add>(1), counter->call<&Counter::add>(1)));
  const auto handle = *all;
  handle.on_done([&] {
    all.reset();
    counter.reset();
    done.set_value();
  });
  done.get_future().get();
}

TEST_F(Combinators, ManyThreadsWaitForTheSameCalls) {
  const auto actors = counters(2);
  for (int round = 0; round < 20; ++round) {
    std::vector<AsyncResult<int>> results;
    for (std::size_t i = 0; i < 200; ++i) results.push_back(actors[i % 2].call<&Counter::add>(1));
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] { EXPECT_EQ(gather(results).get().size(), 200u); });
      threads.emplace_back([&] { EXPECT_EQ(wait(results).done.size(), 200u); });
      threads.emplace_back([&] {
        for (const auto& result : results) result.get();
      });
    }
  }
}

}  // namespace
}  // namespace troupe::test
