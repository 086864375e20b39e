// SPDX-License-Identifier: BSL-1.0
// Coroutine methods of reentrant actors that are cancelled, come too late, or whose actor or caller ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/detached.hpp>

#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "coroutines.hpp"
#include "tests/end_to_end/gate.hpp"
#include "tests/end_to_end/processes.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An argument that is decoded until its call is asked to stop.
struct UntilAsked {
  int number = 0;

  template <class Archive>
  void save(Archive& archive) const {
    archive(number);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(number);
    while (!this_call().stop_token().stop_requested()) std::this_thread::yield();
  }
};

class Clerk {
 public:
  static constexpr bool reentrant = true;

  Clerk() = default;
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;
  ~Clerk() {
    if (inside_ != 0) std::abort();  // a coroutine has outlived it
  }

  int note(int number) { return number; }
  void block(const std::string& gate) { wait_at(gate); }
  int inside() const { return inside_; }
  int ended() const { return ended_; }
  int timed_out() const { return timed_out_; }
  void set_event() { event_.set(); }

  awaitable<int> wait_for_event(int number) {
    const Inside inside(*this);
    co_await event_.wait();
    co_return number;
  }
  awaitable<int> wait_for_ever() {
    const Inside inside(*this);
    co_await never();
    co_return 1;
  }
  awaitable<int> wait_with(const UntilAsked&) {
    const Inside inside(*this);
    co_await never();
    co_return 1;
  }
  awaitable<int> survive() {
    const Inside inside(*this);
    try {
      co_await never();
    } catch (const std::exception&) {  // it was cancelled, and has a result all the same
    }
    co_return 7;
  }
  // Looks at its own call's token, having waited.
  awaitable<int> wait_to_be_asked(int number) {
    const Inside inside(*this);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (!this_call().stop_token().stop_requested()) {
      timer.expires_after(1ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
    co_return number;
  }
  awaitable<void> hold(Proxy<Recorder> other, std::string gate) {
    const Inside inside(*this);
    co_await others_run();
    co_await other.call<&Recorder::hold>(gate);
  }
  // Whether its call has a deadline, having waited.
  awaitable<bool> has_deadline_later() {
    const Inside inside(*this);
    co_await event_.wait();
    co_return this_call().deadline().has_value();
  }
  bool has_deadline() const { return this_call().deadline().has_value(); }
  awaitable<int> ask_later(Proxy<Recorder> other) {
    const Inside inside(*this);
    co_await event_.wait();
    try {
      co_return co_await other.call<&Recorder::note>(5);
    } catch (const TimeoutError&) {
      ++timed_out_;
    }
    co_return -1;
  }

  // Things that nobody waits for, and that do not end by themselves.
  awaitable<void> leave_work_behind(Proxy<Recorder> other, std::string gate) {
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, be_inside([] { return never(); }), asio::detached);
    asio::co_spawn(executor, be_inside([this] { return event_.wait(); }), asio::detached);
    asio::co_spawn(executor, be_inside([this] { return wait_for_own_timer(); }), asio::detached);
    asio::co_spawn(executor, be_inside([] { return go_on_for_ever(); }), asio::detached);
    asio::co_spawn(executor, be_inside([this, other, gate] { return hold(other, gate); }), asio::detached);
    while (inside_ != 6) co_await others_run();  // hold() is inside twice
  }

  awaitable<void> crash_later() {
    co_await others_run();
    std::abort();
  }
  awaitable<void> work_by_small_parts(int parts) {
    for (int i = 0; i < parts; ++i) {
      asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }
  awaitable<void> block_later(std::string gate) {
    co_await others_run();
    wait_at(gate);
  }

 private:
  struct Inside {
    explicit Inside(Clerk& of) : clerk(of) { ++clerk.inside_; }
    ~Inside() {
      --clerk.inside_;
      ++clerk.ended_;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    Clerk& clerk;
  };

  awaitable<void> be_inside(std::function<awaitable<void>()> body) {
    const Inside inside(*this);
    co_await body();
  }
  awaitable<void> wait_for_own_timer() {
    timer_.emplace(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer_->async_wait(asio::use_awaitable);
  }
  static awaitable<void> go_on_for_ever() {
    for (;;) co_await others_run();
  }

  int inside_ = 0;
  int ended_ = 0;
  int timed_out_ = 0;
  async::Event event_;
  std::optional<asio::steady_timer> timer_;
};

class ReentrantMethodEnd : public testing::RuntimeTest {
 protected:
  void wait_inside(int count) {
    while (clerk_.call<&Clerk::inside>().get() != count) std::this_thread::yield();
  }

  Gate gate_;
  Proxy<Recorder> recorder_ = runtime().spawn<Recorder>();
  Proxy<Clerk> clerk_ = runtime().spawn<Clerk>();
};

TEST_F(ReentrantMethodEnd, NeverBeginsWhenItIsCancelledBefore) {
  const auto blocked = clerk_.call<&Clerk::block>(gate_.path());
  gate_.wait_reached();
  const auto waiting = clerk_.call<&Clerk::wait_for_ever>();
  EXPECT_TRUE(waiting.cancel());
  gate_.let_go();
  blocked.get();
  EXPECT_TRUE(waiting.cancelled());
  EXPECT_EQ(clerk_.call<&Clerk::inside>().get() + clerk_.call<&Clerk::ended>().get(), 0);
}

TEST_F(ReentrantMethodEnd, IsCancelledWithItsCallAlone) {
  const auto cancelled = clerk_.call<&Clerk::wait_for_event>(1);
  const auto other = clerk_.call<&Clerk::wait_for_event>(2);
  wait_inside(2);
  EXPECT_FALSE(cancelled.cancel());
  EXPECT_THROW(cancelled.get(), CancelledError);
  EXPECT_EQ(clerk_.call<&Clerk::inside>().get(), 1);
  clerk_.call<&Clerk::set_event>().get();
  EXPECT_EQ(other.get(), 2);
}

TEST_F(ReentrantMethodEnd, DoesNotBeginWhenItIsCancelledInItsTurn) {
  const auto waiting = clerk_.call<&Clerk::wait_with>(UntilAsked());
  while (!waiting.running()) std::this_thread::yield();
  EXPECT_FALSE(waiting.cancel());
  EXPECT_THROW(waiting.get(), CancelledError);
  EXPECT_EQ(clerk_.call<&Clerk::ended>().get(), 0);
}

TEST_F(ReentrantMethodEnd, IsCancelledWhereverItHasGotTo) {
  for (int round = 0; round < 50; ++round) {
    const auto waiting = clerk_.call<&Clerk::wait_for_ever>();
    waiting.cancel();
    EXPECT_THROW(waiting.get(), CancelledError);
  }
  EXPECT_EQ(clerk_.call<&Clerk::inside>().get(), 0);
}

TEST_F(ReentrantMethodEnd, MayHaveAResultThoughItIsCancelled) {
  const auto waiting = clerk_.call<&Clerk::survive>();
  wait_inside(1);
  EXPECT_FALSE(waiting.cancel());
  EXPECT_EQ(waiting.get(), 7);
}

TEST_F(ReentrantMethodEnd, KnowsItsOwnStopTokenAllTheTime) {
  const auto one = clerk_.call<&Clerk::wait_to_be_asked>(1);
  const auto two = clerk_.call<&Clerk::wait_to_be_asked>(2);
  wait_inside(2);
  two.cancel();
  EXPECT_EQ(two.get(), 2);
  EXPECT_EQ(clerk_.call<&Clerk::inside>().get(), 1);
  one.cancel();
  EXPECT_EQ(one.get(), 1);
}

TEST_F(ReentrantMethodEnd, KnowsItsOwnDeadlineAllTheTime) {
  const auto limited = clerk_.with({.deadline = 1h}).call<&Clerk::has_deadline_later>();
  const auto unlimited = clerk_.call<&Clerk::has_deadline_later>();
  wait_inside(2);
  EXPECT_FALSE(clerk_.call<&Clerk::has_deadline>().get());
  clerk_.call<&Clerk::set_event>().get();
  EXPECT_TRUE(limited.get());
  EXPECT_FALSE(unlimited.get());
  EXPECT_FALSE(clerk_.call<&Clerk::has_deadline>().get());
}

TEST_F(ReentrantMethodEnd, HandsItsDeadlineOnToItsCallsAlone) {
  auto busy = runtime().spawn<Recorder>();
  const auto held = clerk_.call<&Clerk::hold>(busy, gate_.path());
  gate_.wait_reached();
  const auto limited = clerk_.with({.deadline = 500ms}).call<&Clerk::ask_later>(busy);
  const auto unlimited = clerk_.call<&Clerk::ask_later>(busy);
  wait_inside(3);
  clerk_.call<&Clerk::set_event>().get();
  wait_inside(2);  // its answer may have come in time, or not
  EXPECT_EQ(clerk_.call<&Clerk::timed_out>().get(), 1);
  EXPECT_FALSE(unlimited.ready());
  gate_.let_go();
  held.get();
  EXPECT_EQ(unlimited.get(), 5);
  limited.wait();
  EXPECT_THAT(busy.call<&Recorder::seen>().get(), ElementsAre(5));
}

TEST_F(ReentrantMethodEnd, IsWaitedForWhenItsActorIsToldToStop) {
  const auto held = clerk_.call<&Clerk::hold>(recorder_, gate_.path());
  gate_.wait_reached();
  clerk_.stop(Timeout());
  gate_.let_go();
  held.get();
  EXPECT_EQ(clerk_.wait().value().exit_code, 0);
}

TEST_F(ReentrantMethodEnd, LeavesNothingThatOutlivesItsActor) {
  clerk_.call<&Clerk::leave_work_behind>(recorder_, gate_.path()).get();
  gate_.wait_reached();
  EXPECT_EQ(clerk_.call<&Clerk::note>(1).get(), 1);
  clerk_.stop(Timeout());
  EXPECT_EQ(clerk_.wait().value().exit_code, 0);
  gate_.let_go();
}

TEST_F(ReentrantMethodEnd, MayHaveBeenExecutedWhenItsActorIsKilled) {
  std::vector<AsyncResult<int>> open;
  for (int i = 0; i < 100; ++i) open.push_back(clerk_.call<&Clerk::wait_for_event>(i));
  wait_inside(100);
  OtherProcess(clerk_.pid()).kill();
  for (const auto& each : open) EXPECT_EQ(verdict<ActorDied>(each), Execution::maybe);
}

TEST_F(ReentrantMethodEnd, IsNamedWhenItCrashesAfterItsTurn) {
  const auto crashed = clerk_.call<&Clerk::crash_later>();
  EXPECT_THAT(cause_of(crashed).method, HasSubstr("Clerk::crash_later"));
}

// Leaves calls open, and ends.
class Visitor {
 public:
  awaitable<void> visit(Proxy<Clerk> clerk) {
    for (int number = 0; number < 10; ++number) open_.push_back(clerk.call<&Clerk::wait_for_event>(number));
    co_return;
  }

 private:
  std::vector<AsyncResult<int>> open_;
};

TEST_F(ReentrantMethodEnd, GoesOnWhenItsCallerHasGone) {
  auto visitor = runtime().spawn<Visitor>();
  visitor.call<&Visitor::visit>(clerk_).get();
  wait_inside(10);
  visitor.kill();
  visitor.wait();
  EXPECT_EQ(clerk_.call<&Clerk::ended>().get(), 0);
  clerk_.call<&Clerk::set_event>().get();
  wait_inside(0);
  EXPECT_EQ(clerk_.call<&Clerk::ended>().get(), 10);
  clerk_.stop(Timeout());
  EXPECT_EQ(clerk_.wait().value().exit_code, 0);
}

TEST_F(ReentrantMethodEnd, IsNotWaitedForWhenItsCallerHasGone) {
  auto visitor = runtime().spawn<Visitor>();
  visitor.call<&Visitor::visit>(clerk_).get();
  wait_inside(10);
  visitor.kill();
  visitor.wait();
  clerk_.stop(Timeout());
  EXPECT_EQ(clerk_.wait().value().exit_code, 0);
}

// The first actor that is found to hang.
class FirstHang {
 public:
  void note(const RuntimeEvent& event) {
    const std::lock_guard lock(mutex_);
    if (const auto* hang = std::get_if<Unresponsive>(&event); hang != nullptr && !method_) method_ = hang->method;
    changed_.notify_all();
  }
  // Blocks: until there is one.
  std::string method() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return method_.has_value(); });
    return *method_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string> method_;
};

TEST_F(ReentrantMethodEnd, HangsOnlyWhereItBlocksItsThread) {
  const auto hang = std::make_shared<FirstHang>();
  runtime().on_event([hang](const RuntimeEvent& event) { hang->note(event); });
  SpawnOptions options;
  options.hang.after = 300ms;
  auto watched = runtime().spawn<Clerk>(options);
  const auto waiting = watched.call<&Clerk::wait_for_ever>();
  watched.call<&Clerk::work_by_small_parts>(600).get();
  const auto blocked = watched.call<&Clerk::block_later>(gate_.path());
  EXPECT_THAT(hang->method(), HasSubstr("block_later"));
  gate_.open();
  blocked.get();
  waiting.cancel();
  EXPECT_THROW(waiting.get(), CancelledError);
}

}  // namespace
}  // namespace troupe::test
