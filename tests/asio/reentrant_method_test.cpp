// SPDX-License-Identifier: BSL-1.0
// Coroutine methods of reentrant actors: while one waits the actor does other things, and never two at the same time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/redirect_error.hpp>

#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "coroutines.hpp"
#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;

class Busy {
 public:
  static constexpr bool reentrant = true;
  using Self = Proxy<Busy>;

  int note(int number) {
    seen_.push_back(number);
    return number;
  }
  std::vector<int> seen() const { return seen_; }

  awaitable<int> wait_for_event(int number) {
    ++waiting_;
    co_await event_.wait();
    --waiting_;
    co_return number;
  }
  void set_event() { event_.set(); }
  int waiting() const { return waiting_; }

  awaitable<void> hold(Proxy<Recorder> other, std::string gate) { co_await other.call<&Recorder::hold>(gate); }
  awaitable<void> sleep(int times) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int i = 0; i < times; ++i) {
      timer.expires_after(1ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }
  // The timer is the actor's, and rings when another method says so.
  awaitable<bool> wait_for_timer() {
    timer_.emplace(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    boost::system::error_code error;
    ++waiting_;
    co_await timer_->async_wait(asio::redirect_error(asio::use_awaitable, error));
    --waiting_;
    co_return error == asio::error::operation_aborted;
  }
  void stop_timer() { timer_->cancel(); }

  awaitable<int> note_and_wait(int number) {
    note(number);
    co_await event_.wait();
    co_return note(-number);
  }
  // Notes who runs, and that nobody else does.
  awaitable<void> cross(int number, int times) {
    for (int i = 0; i < times; ++i) {
      run_alone(number);
      co_await asio::post(asio::use_awaitable);
    }
  }
  void cross_at_once(int number) { run_alone(number); }
  bool has_been_crossed() const { return has_been_crossed_; }

  awaitable<int> ask_itself(Self self, int times) {
    int last = 0;
    for (int i = 1; i <= times; ++i) last += co_await self.call<&Busy::note>(i);
    co_return last;
  }
  awaitable<int> sum_to(Self self, int number) {
    if (number == 0) co_return 0;
    co_return number + co_await self.call<&Busy::sum_to>(self, number - 1);
  }
  // Views, whose numbers lie in the caller's memory first.
  awaitable<std::string> join(std::span<const int> numbers, const std::vector<std::string>& words, std::string_view separator,
                              std::string&& end) {
    co_await event_.wait();
    std::string all = std::to_string(std::accumulate(numbers.begin(), numbers.end(), 0));
    for (const std::string& each : words) (all += separator) += each;
    co_return all + end;
  }
  std::size_t take(const std::string& text) { return text.size(); }

  awaitable<int> fail_at_once() {
    throw std::out_of_range("far");
    co_return 1;
  }
  awaitable<int> fail_later() {
    co_await others_run();
    throw std::out_of_range("far");
  }
  awaitable<std::string> give_at_once() { co_return "at once"; }
  awaitable<void> leave_a_throwing_handler() {
    asio::post(co_await asio::this_coro::executor, [] { throw std::runtime_error("of a handler, for this test"); });
    co_await others_run();
  }
  awaitable<std::vector<int>> gather_from_children(Proxy<Recorder> other) {
    std::vector<awaitable<int>> children;
    for (int i = 0; i < 5; ++i) children.push_back(ask(other, i));
    co_return co_await async::gather(std::move(children));
  }

 private:
  static awaitable<int> ask(Proxy<Recorder> other, int number) { co_return co_await other.call<&Recorder::note>(number); }

  void run_alone(int number) {
    if (inside_ != 0 || thread_ != std::this_thread::get_id()) has_been_crossed_ = true;
    inside_ = number;
    std::this_thread::yield();
    if (inside_ != number) has_been_crossed_ = true;
    inside_ = 0;
    note(number);
  }

  const std::thread::id thread_ = std::this_thread::get_id();
  std::vector<int> seen_;
  async::Event event_;
  std::optional<asio::steady_timer> timer_;
  int waiting_ = 0;
  int inside_ = 0;
  bool has_been_crossed_ = false;
};

class ReentrantMethod : public testing::RuntimeTest {
 protected:
  // Blocks: until so many calls are open.
  void wait_waiting(int count) {
    while (actor_.call<&Busy::waiting>().get() != count) std::this_thread::yield();
  }

  Gate gate_;
  Proxy<Recorder> recorder_ = runtime().spawn<Recorder>();
  Proxy<Busy> actor_ = runtime().spawn<Busy>();
};

TEST_F(ReentrantMethod, LetsOtherMessagesThroughWhileItWaitsForAnotherActor) {
  const auto held = actor_.call<&Busy::hold>(recorder_, gate_.path());
  gate_.wait_reached();
  EXPECT_EQ(actor_.call<&Busy::note>(1).get(), 1);
  EXPECT_FALSE(held.ready());
  EXPECT_TRUE(held.running());
  gate_.let_go();
  held.get();
}

TEST_F(ReentrantMethod, LetsOtherMessagesThroughWhileItWaitsForATimer) {
  const auto rung = actor_.call<&Busy::wait_for_timer>();
  wait_waiting(1);
  EXPECT_FALSE(rung.ready());
  actor_.call<&Busy::stop_timer>().get();
  EXPECT_TRUE(rung.get());
}

TEST_F(ReentrantMethod, GoesOnWhenItsTimersRing) {
  const auto slept = actor_.call<&Busy::sleep>(20);
  for (int i = 0; !slept.ready(); ++i) EXPECT_EQ(actor_.call<&Busy::note>(i).get(), i);
  slept.get();
}

TEST_F(ReentrantMethod, BeginsInTheOrderOfTheCalls) {
  for (int number = 1; number < 100; number += 2) {
    actor_.tell<&Busy::note_and_wait>(number);
    actor_.tell<&Busy::note>(number + 1);
  }
  const std::vector<int> seen = actor_.call<&Busy::seen>().get();
  std::vector<int> sent(100);
  std::iota(sent.begin(), sent.end(), 1);
  EXPECT_EQ(seen, sent);
  actor_.call<&Busy::set_event>().get();
}

TEST_F(ReentrantMethod, NeverRunsBesideAnythingElseOfItsActor) {
  constexpr int kCoroutines = 8;
  constexpr int kTimes = 100;
  std::vector<AsyncResult<void>> crossing;
  for (int number = 1; number <= kCoroutines; ++number) crossing.push_back(actor_.call<&Busy::cross>(number, kTimes));
  for (int i = 0; i < kTimes; ++i) actor_.call<&Busy::cross_at_once>(kCoroutines + 1).get();
  for (const auto& each : crossing) each.get();
  EXPECT_FALSE(actor_.call<&Busy::has_been_crossed>().get());
  const std::vector<int> seen = actor_.call<&Busy::seen>().get();
  EXPECT_EQ(seen.size(), std::size_t{(kCoroutines + 1) * kTimes});
}

TEST_F(ReentrantMethod, TakesTurnsWithOthers) {
  const auto one = actor_.call<&Busy::note_and_wait>(1);
  const auto two = actor_.call<&Busy::note_and_wait>(2);
  actor_.call<&Busy::set_event>().get();
  EXPECT_EQ(one.get(), -1);
  EXPECT_EQ(two.get(), -2);
  EXPECT_THAT(actor_.call<&Busy::seen>().get(), ElementsAre(1, 2, -1, -2));
}

TEST_F(ReentrantMethod, AwaitsCallsToItsOwnActor) {
  EXPECT_EQ(actor_.call<&Busy::ask_itself>(actor_, 100).get(), 5050);
  EXPECT_EQ(actor_.call<&Busy::sum_to>(actor_, 50).get(), 1275);
}

TEST_F(ReentrantMethod, KeepsItsArguments) {
  std::vector<AsyncResult<std::string>> joined;
  for (int i = 0; i < 20; ++i) {
    const std::vector<std::string> words{std::string(100, 'a'), "b"};
    joined.push_back(actor_.call<&Busy::join>(std::vector<int>{i, 1}, words, "<->", "!"));
  }
  // Over all that they have been sent in.
  for (int i = 0; i < 200; ++i) actor_.call<&Busy::take>(std::string(100'000, 'x')).get();
  actor_.call<&Busy::set_event>().get();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(joined[static_cast<std::size_t>(i)].get(), std::to_string(i + 1) + "<->" + std::string(100, 'a') + "<->b!");
}

TEST_F(ReentrantMethod, MayBeAFunction) {
  const auto added = actor_.run(
      [](Busy& actor, const std::string& text, int number) -> awaitable<std::string> {
        co_await others_run();
        co_return text + std::to_string(actor.note(number));
      },
      std::string(100, 'a'), 7);
  EXPECT_EQ(added.get(), std::string(100, 'a') + '7');
}

TEST_F(ReentrantMethod, GivesItsValueOrException) {
  EXPECT_EQ(actor_.call<&Busy::give_at_once>().get(), "at once");
  EXPECT_THROW(actor_.call<&Busy::fail_at_once>().get(), std::out_of_range);
  EXPECT_THROW(actor_.call<&Busy::fail_later>().get(), std::out_of_range);
  EXPECT_EQ(actor_.call<&Busy::note>(1).get(), 1);
}

TEST_F(ReentrantMethod, MayHaveCoroutinesOfItsOwn) {
  EXPECT_THAT(actor_.call<&Busy::gather_from_children>(recorder_).get(), ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(ReentrantMethod, SurvivesAHandlerThatThrows) {
  actor_.call<&Busy::leave_a_throwing_handler>().get();
  EXPECT_EQ(actor_.call<&Busy::note>(1).get(), 1);
}

TEST_F(ReentrantMethod, MayBeOpenAThousandTimes) {
  constexpr int kCalls = 1000;  // nearly all that the mailbox holds
  std::vector<AsyncResult<int>> open;
  for (int i = 0; i < kCalls; ++i) open.push_back(actor_.call<&Busy::wait_for_event>(i));
  wait_waiting(kCalls);
  actor_.call<&Busy::set_event>().get();
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(open[static_cast<std::size_t>(i)].get(), i);
  EXPECT_EQ(actor_.call<&Busy::waiting>().get(), 0);
}

// More of them than the mailbox holds.
TEST_F(ReentrantMethod, MayBeOpenForOneWayMessages) {
  constexpr int kMessages = 3000;
  for (int i = 0; i < kMessages; ++i) actor_.tell<&Busy::wait_for_event>(i);
  wait_waiting(kMessages);
  actor_.call<&Busy::set_event>().get();
  wait_waiting(0);
}

}  // namespace
}  // namespace troupe::test
