// SPDX-License-Identifier: BSL-1.0
// Methods of actors that are coroutines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "coroutines.hpp"
#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

class Adder {
 public:
  int add(int n) { return sum_ += n; }
  void fail() { throw std::out_of_range("far"); }

 private:
  int sum_ = 0;
};

class Asker {
 public:
  awaitable<int> ask(Proxy<Adder> adder, int times) {
    int last = 0;
    for (int i = 0; i < times; ++i) last = co_await adder.call<&Adder::add>(1);
    co_return last;
  }
  // The parameters live as long as the coroutine.
  awaitable<std::string> join(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& each : words) {
      co_await others_run();
      all += each;
    }
    co_return all;
  }
  awaitable<void> pass_on(Proxy<Adder> adder) { co_await adder.call<&Adder::fail>(); }
  awaitable<int> wait_for_ever() {
    co_await never();
    co_return 1;
  }
  awaitable<int> survive(std::string gate) {
    wait_at(gate);
    try {
      co_await never();
    } catch (const std::exception&) {  // it was cancelled, and has a result all the same
    }
    co_return 7;
  }
  bool has_run_in_this_thread() { return here_ == std::this_thread::get_id(); }
  awaitable<void> note_thread() {
    co_await others_run();
    here_ = std::this_thread::get_id();
  }
  int note(int number) { return number; }
  awaitable<void> hold(Proxy<Recorder> recorder, std::string gate) { co_await recorder.call<&Recorder::hold>(gate); }
  awaitable<int> ask_itself(Proxy<Asker> self) { co_return co_await self.call<&Asker::note>(1); }
  awaitable<int> ask_itself_within_an_hour(Proxy<Asker> self) {
    co_return co_await async::wait_for(self.call<&Asker::note>(1), 1h);
  }
  awaitable<std::vector<int>> gather_from_itself(Proxy<Asker> self) {
    std::vector<AsyncResult<int>> own;
    own.push_back(self.call<&Asker::note>(1));
    own.push_back(self.call<&Asker::note>(2));
    co_return co_await async::gather(std::move(own));
  }
  awaitable<std::vector<int>> gather_from_both(Proxy<Asker> self, Proxy<Adder> adder) {
    std::vector<AsyncResult<int>> both;
    both.push_back(adder.call<&Adder::add>(1));
    both.push_back(self.call<&Asker::note>(2));
    co_return co_await async::gather(std::move(both));
  }
  awaitable<int> ask_itself_by_token(Proxy<Asker> self) {
    co_return co_await self.call<&Asker::note>(1).async_wait(asio::use_awaitable);
  }
  awaitable<int> take_all_as_completed(Proxy<Asker> self, Proxy<Adder> adder) {
    std::vector<AsyncResult<int>> results;
    for (int i = 0; i < 3; ++i) results.push_back(adder.call<&Adder::add>(1));
    results.push_back(self.call<&Asker::note>(100));
    auto all = async::as_completed(std::move(results));
    int sum = 0;
    while (auto each = co_await all.next()) sum += co_await std::move(*each);
    co_return sum;
  }
  awaitable<bool> is_there(Proxy<Asker> self) {
    std::vector<AsyncResult<int>> own{self.call<&Asker::note>(1)};
    const auto waited = co_await async::wait(std::move(own), 0s);
    co_return !waited.done.empty();
  }
  awaitable<int> ask_either(Proxy<Asker> self, Proxy<Adder> adder) {
    using boost::asio::experimental::awaitable_operators::operator||;
    auto ask_self = [](Proxy<Asker> its_self) -> awaitable<int> { co_return co_await its_self.call<&Asker::note>(-1); };
    auto ask_adder = [](Proxy<Adder> its_adder) -> awaitable<int> { co_return co_await its_adder.call<&Adder::add>(5); };
    const auto first = co_await (ask_self(self) || ask_adder(adder));
    co_return std::visit([](int n) { return n; }, first);
  }
  awaitable<bool> has_deadline_later() {
    co_await others_run();
    co_return this_call().deadline().has_value();
  }

 private:
  std::thread::id here_;
};

class CoroutineMethod : public testing::RuntimeTest {
 protected:
  Proxy<Adder> adder_ = runtime().spawn<Adder>();
  Proxy<Asker> asker_ = runtime().spawn<Asker>();
};

TEST_F(CoroutineMethod, GivesItsValue) {
  const AsyncResult<int> asked = asker_.call<&Asker::ask>(adder_, 10);
  EXPECT_EQ(asked.get(), 10);
  EXPECT_EQ(asker_.call<&Asker::join>(std::vector<std::string>{"one", "two"}).get(), "onetwo");
}

TEST_F(CoroutineMethod, PassesExceptionsOn) {
  EXPECT_THROW(asker_.call<&Asker::pass_on>(adder_).get(), std::out_of_range);
  EXPECT_EQ(asker_.call<&Asker::note>(1).get(), 1);
}

TEST_F(CoroutineMethod, RunsInTheActorsThread) {
  asker_.call<&Asker::note_thread>().get();
  EXPECT_TRUE(asker_.call<&Asker::has_run_in_this_thread>().get());
}

TEST_F(CoroutineMethod, KeepsTheMailboxWaiting) {
  Gate gate;
  auto recorder = runtime().spawn<Recorder>();
  const auto held = asker_.call<&Asker::hold>(recorder, gate.path());
  gate.wait_reached();
  const auto noted = asker_.call<&Asker::note>(1);
  EXPECT_TRUE(noted.cancel()) << "it has not been begun";
  gate.let_go();
  held.get();
}

TEST_F(CoroutineMethod, KnowsItsCallAllTheTime) {
  EXPECT_TRUE(asker_.with({.deadline = 1h}).call<&Asker::has_deadline_later>().get());
  EXPECT_FALSE(asker_.call<&Asker::has_deadline_later>().get());
}

TEST_F(CoroutineMethod, IsCancelledWithTheCall) {
  const auto waiting = asker_.call<&Asker::wait_for_ever>();
  while (!waiting.running()) std::this_thread::yield();
  EXPECT_FALSE(waiting.cancel());
  EXPECT_THROW(waiting.get(), CancelledError);
  EXPECT_EQ(asker_.call<&Asker::note>(1).get(), 1);
}

TEST_F(CoroutineMethod, MayHaveAResultAllTheSame) {
  Gate gate;
  const auto waiting = asker_.call<&Asker::survive>(gate.path());
  gate.open();  // it has begun
  EXPECT_FALSE(waiting.cancel());
  EXPECT_EQ(waiting.get(), 7);
}

template <class T>
void expect_deadlock(const AsyncResult<T>& result) {
  try {
    result.get();
    ADD_FAILURE() << "it has a value";
  } catch (const RemoteException& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("troupe::WouldDeadlock"));
  }
}

TEST_F(CoroutineMethod, CannotWaitForACallThatItsActorWouldHaveToRun) {
  expect_deadlock(asker_.call<&Asker::ask_itself>(asker_));
  expect_deadlock(asker_.call<&Asker::ask_itself_within_an_hour>(asker_));
  expect_deadlock(asker_.call<&Asker::gather_from_itself>(asker_));
  expect_deadlock(asker_.call<&Asker::gather_from_both>(asker_, adder_));
  expect_deadlock(asker_.call<&Asker::ask_itself_by_token>(asker_));
  expect_deadlock(asker_.call<&Asker::take_all_as_completed>(asker_, adder_));
  EXPECT_EQ(asker_.call<&Asker::note>(3).get(), 3) << "it goes on";
}

TEST_F(CoroutineMethod, MayLookWhetherSuchACallHasCome) { EXPECT_FALSE(asker_.call<&Asker::is_there>(asker_).get()); }

TEST_F(CoroutineMethod, MayWaitForTheFirstOfSuchACallAndAnother) {
  EXPECT_EQ(asker_.call<&Asker::ask_either>(asker_, adder_).get(), 5);
}

TEST_F(CoroutineMethod, IsCancelledByACoroutineThatWaitsForIt) {
  asio::io_context context(1);
  auto waiting = [](Proxy<Asker> asker) -> awaitable<int> { co_return co_await asker.call<&Asker::wait_for_ever>(); };
  const auto task = async::create_task(context.get_executor(), waiting(asker_));
  asio::steady_timer timer(context, 20ms);
  timer.async_wait([&](const auto&) { task.cancel(); });
  context.run();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(asker_.call<&Asker::note>(1).get(), 1) << "the coroutine in the actor has ended, too";
}

}  // namespace
}  // namespace troupe::test
