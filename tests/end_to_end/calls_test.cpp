// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <future>
#include <numeric>
#include <thread>

#include "actors.hpp"

namespace troupe::test {
namespace {

class Calls : public testing::RuntimeTest {};

TEST_F(Calls, RunInAProcessOfTheActorsOwn) {
  auto counter = runtime().spawn<Counter>(10);
  EXPECT_EQ(counter.call<&Counter::add>(5).get(), 15);
  EXPECT_NE(counter.call<&Counter::pid>().get(), ::getpid());
  EXPECT_EQ(counter.call<&Counter::pid>().get(), counter.pid());
}

TEST_F(Calls, OfOneThreadRunInOrder) {
  auto counter = runtime().spawn<Counter>();
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 5000; ++i) results.push_back(counter.call<&Counter::add>(1));
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i + 1);
}

TEST_F(Calls, ThatAreToldRunBeforeALaterCall) {
  auto counter = runtime().spawn<Counter>();
  for (int i = 0; i < 10000; ++i) counter.tell<&Counter::add>(1);
  EXPECT_EQ(counter.call<&Counter::get>().get(), 10000);
}

TEST_F(Calls, CarryWhateverCerealSerializes) {
  auto actor = runtime().spawn<Everything>();
  EXPECT_EQ(actor.call<&Everything::echo>("text").get(), "text");
  EXPECT_EQ(actor.call<&Everything::view>(std::string(2000, 'x')).get(), std::string(2000, 'x'));
  EXPECT_EQ(actor.call<&Everything::moved>(Point{1, 2, {"a", "b"}}).get(), (Point{2, 2, {"a", "b"}}));
  EXPECT_EQ(actor.call<&Everything::map>(std::map<std::string, int>{{"one", 1}}).get().at("added"), 1);
  EXPECT_EQ(std::get<std::string>(actor.call<&Everything::either>(true).get()), "text");
  EXPECT_EQ(std::get<int>(actor.call<&Everything::either>(false).get()), 7);
  EXPECT_DOUBLE_EQ(actor.call<&Everything::half>(3).get(), 1.5);
}

TEST_F(Calls, ReachEveryKindOfMethod) {
  auto actor = runtime().spawn<Everything>();
  EXPECT_EQ((actor.call<overload<int(int)>(&Everything::overloaded)>(5).get()), 5);
  EXPECT_EQ((actor.call<overload<std::string(const std::string&)>(&Everything::overloaded)>("a").get()), "a!");
  EXPECT_EQ((actor.call<overload<int() const>(&Everything::overloaded)>().get()), -1);
  EXPECT_EQ(actor.call<&Everything::on_lvalue>().get(), 1);
  EXPECT_EQ(actor.call<&Everything::on_rvalue>().get(), 2);
  EXPECT_EQ(actor.call<&Everything::reference>().get(), "everything");
  EXPECT_EQ(actor.call<&Everything::inherited>(1).get(), 2);
}

TEST_F(Calls, ReachOverloadsThatAreNoexcept) {
  auto actor = runtime().spawn<Everything>();
  EXPECT_EQ((actor.call<overload<int(int)>(&Everything::sure)>(5).get()), 5);
  EXPECT_EQ((actor.call<overload<int(int) noexcept>(&Everything::sure)>(5).get()), 5);
  EXPECT_EQ((actor.call<overload<int(double)>(&Everything::sure)>(5.5).get()), 11);
  EXPECT_EQ((actor.call<overload<int() const>(&Everything::sure)>().get()), -1);
  EXPECT_EQ((actor.call<overload<int()>(&Everything::sure)>().get()), -2);
  static_assert(std::is_same_v<decltype(overload<int(int)>(&Everything::sure)), int (Everything::*)(int) noexcept>);
  static_assert(std::is_same_v<decltype(overload<int(double)>(&Everything::sure)), int (Everything::*)(double)>);
}

TEST_F(Calls, GiveMoveOnlyResultsToTheLastHandle) {
  auto actor = runtime().spawn<Everything>();
  EXPECT_EQ(*actor.call<&Everything::move_only>(5).get(), 5);
  auto result = actor.call<&Everything::move_only>(6);
  auto other = result;
  EXPECT_THROW(std::move(result).get(), InvalidState);
  EXPECT_EQ(*other.get(), 6);
}

TEST_F(Calls, RunCapturelessLambdas) {
  auto counter = runtime().spawn<Counter>(1);
  auto first = counter.run([](Counter& c, int n) { return c.value + n; }, 5);
  auto second = counter.run([](Counter& c, int n) { return c.value * n; }, 5);
  EXPECT_EQ(first.get(), 6);
  EXPECT_EQ(second.get(), 5);
}

TEST_F(Calls, ReadAndWriteFields) {
  auto counter = runtime().spawn<Counter>(1);
  counter.set<&Counter::value>(41).get();
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 42);
  EXPECT_EQ(counter.get<&Counter::value>().get(), 42);
}

TEST_F(Calls, FromManyThreadsAllComeBack) {
  auto counter = runtime().spawn<Counter>();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) counter.call<&Counter::add>(1).get();
    });
  }
  threads.clear();
  EXPECT_EQ(counter.call<&Counter::get>().get(), 16000);
}

TEST_F(Calls, OneResultReleasesManyWaiters) {
  auto counter = runtime().spawn<Counter>(3);
  for (int round = 0; round < 100; ++round) {
    const auto result = counter.call<&Counter::get>();
    std::vector<std::future<int>> waiters;
    for (int i = 0; i < 4; ++i) waiters.push_back(std::async(std::launch::async, [result] { return result.get(); }));
    for (auto& waiter : waiters) EXPECT_EQ(waiter.get(), 3);
  }
}

TEST_F(Calls, CallBackWhenDoneWithoutAnybodyWaiting) {
  auto counter = runtime().spawn<Counter>(3);
  std::promise<int> seen;
  counter.call<&Counter::add>(1).on_done([&](AsyncResult<int> result) { seen.set_value(result.get()); });
  EXPECT_EQ(seen.get_future().get(), 4);
}

TEST_F(Calls, MayBeMadeAndAwaitedInCallbacks) {
  auto counter = runtime().spawn<Counter>(3);
  std::promise<int> seen;
  counter.call<&Counter::add>(1).on_done([&] { seen.set_value(counter.call<&Counter::add>(1).get()); });
  EXPECT_EQ(seen.get_future().get(), 5);
}

TEST_F(Calls, RunCallbacksInOrderBeforeWaitersAreReleased) {
  auto counter = runtime().spawn<Counter>();
  for (int round = 0; round < 200; ++round) {
    std::string order;
    auto result = counter.call<&Counter::add>(1);
    result.on_done([&] { order += 'a'; });
    result.on_done([&] { order += 'b'; });
    result.on_done([&] { throw std::runtime_error("reported, never fatal"); });
    result.on_done([&] { order += 'c'; });
    result.wait();
    EXPECT_EQ(order, "abc");
  }
}

TEST_F(Calls, PastTheirDeadlineFailAndSaySo) {
  auto victim = runtime().spawn<Victim>();
  auto running = victim.with({.deadline = std::chrono::milliseconds(20)}).call<&Victim::hang>();
  auto queued = victim.with({.deadline = std::chrono::milliseconds(20)}).call<&Victim::ok>();
  try {
    running.get();
    FAIL();
  } catch (const TimeoutError& error) {
    EXPECT_EQ(error.execution(), Execution::maybe);
  }
  try {
    queued.get();
    FAIL();
  } catch (const TimeoutError& error) {
    EXPECT_EQ(error.execution(), Execution::not_started);
  }
  victim.kill();
}

TEST_F(Calls, GetWithATimeoutLeavesTheCallAlone) {
  auto victim = runtime().spawn<Victim>();
  auto result = victim.call<&Victim::hang>();
  EXPECT_THROW(result.get(std::chrono::milliseconds(5)), TimeoutError);
  EXPECT_FALSE(result.wait(std::chrono::milliseconds(-1)));
  EXPECT_FALSE(result.ready());
  EXPECT_THROW(result.successful(), ResultNotReady);
  victim.kill();
  EXPECT_THROW(result.get(), ActorDied);
}

TEST_F(Calls, TooLargeFailAtTheSenderAndNothingIsLost) {
  auto actor = runtime().spawn<Everything>({.mailbox = {.payload = 100'000}});
  auto before = actor.call<&Everything::echo>("before");
  auto large = actor.call<&Everything::echo>(std::string(1 << 20, 'x'));
  auto after = actor.call<&Everything::echo>("after");
  EXPECT_THROW(large.get(), SerializationError);
  EXPECT_EQ(before.get(), "before");
  EXPECT_EQ(after.get(), "after");
}

TEST_F(Calls, RefuseOptionsThatTheyWouldIgnore) {
  auto counter = runtime().spawn<Counter>();
  const auto refused = [&](CallOptions options) -> std::string {
    try {
      counter.with(options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(refused({.retries = 1}).find("set CallOptions::idempotent, too"), std::string::npos);
  EXPECT_EQ(refused({.idempotent = true, .retries = 1}), "accepted");
  EXPECT_EQ(refused({.deadline = std::chrono::hours(1)}), "accepted");
}

TEST_F(Calls, OnAnEmptyProxyAreLogicErrors) {
  const Proxy<Counter> empty;
  EXPECT_THROW(empty.call<&Counter::get>(), std::logic_error);
  EXPECT_THROW(empty.tell<&Counter::reset>(), std::logic_error);
  EXPECT_EQ(empty, Proxy<Counter>());
}

}  // namespace
}  // namespace troupe::test
