// SPDX-License-Identifier: BSL-1.0
// Actors that wait for each other, of which coroutines wait: as where threads do (tests/end_to_end/deadlock_ring_test.cpp).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "coroutines.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

// Longer than it takes to look for rings.
constexpr auto kLong = 100ms;

// Asks the next one in a line, which asks the one behind it, and so on; each in the way that stands in front.
class Asker {
 public:
  enum class How {
    thread,
    plain,
    token,
    callback_too,
    gather,
    wait_first,
    as_completed,
    deadline,
    time_limit,
    timer_beside,
    either
  };
  struct Next {
    How how{};
    Proxy<Asker> asker;

    template <class Archive>
    void serialize(Archive& archive) {
      archive(how, asker);
    }
  };
  using Line = std::vector<Next>;

  awaitable<std::string> ask(Line line) {
    if (line.empty()) co_return "asked all";
    const Next next = line.front();
    line.erase(line.begin());
    try {
      co_return co_await answer_of(next, std::move(line));
    } catch (const WouldDeadlock& error) {
      co_return error.what();
    } catch (const TimeoutError&) {
      co_return "it took too long";
    }
  }
  awaitable<std::string> ask_slowly(Line line) {
    asio::steady_timer timer(co_await asio::this_coro::executor, kLong);
    co_await timer.async_wait(asio::use_awaitable);
    co_return co_await ask(std::move(line));
  }
  std::string pass_time() {
    std::this_thread::sleep_until(std::chrono::steady_clock::now() + kLong);
    return "slept";
  }
  // Asks two at once, of which the second one fails after a while.
  awaitable<std::string> ask_with_one_that_fails(Next next, Line line, Proxy<Asker> failing) {
    std::vector<AsyncResult<std::string>> both{next.asker.call<&Asker::ask>(std::move(line)), failing.call<&Asker::fail>()};
    try {
      co_return (co_await async::gather(std::move(both))).front();
    } catch (const std::out_of_range& error) {
      co_return error.what();
    }
  }
  std::string fail() {
    pass_time();
    throw std::out_of_range("it failed");
  }

 private:
  static awaitable<std::string> answer_of(Next next, Line line) {
    auto asked = next.how == How::deadline ? next.asker.with({.deadline = 2 * kLong}).call<&Asker::ask>(std::move(line))
                                           : next.asker.call<&Asker::ask>(std::move(line));
    const std::vector one{asked};
    switch (next.how) {
      case How::thread:
        co_return asked.get();
      case How::token:
        co_return co_await asked.async_wait(asio::use_awaitable);
      case How::callback_too:
        asked.async_wait(asio::bind_executor(co_await asio::this_coro::executor, [](const auto&, const auto&) {}));
        co_return co_await asked;
      case How::gather:
        co_return (co_await async::gather(one)).front();
      case How::wait_first: {
        const auto waited = co_await async::wait(one, {}, ReturnWhen::first_completed);
        co_return waited.done.front().get();
      }
      case How::as_completed: {
        auto all = async::as_completed(one);
        const auto first = co_await all.next();
        co_return first->get();
      }
      case How::time_limit:
        co_return co_await async::wait_for(std::move(asked), 2 * kLong);
      case How::timer_beside:
        co_return co_await cancelled_later(std::move(asked));
      case How::either:
        co_return co_await or_timer(std::move(asked));
      case How::plain:
      case How::deadline:
        break;
    }
    co_return co_await std::move(asked);
  }
  // A handler that no coroutine waits for cancels the call.
  static awaitable<std::string> cancelled_later(AsyncResult<std::string> asked) {
    const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, 2 * kLong);
    timer->async_wait([timer, asked](const auto&) { asked.cancel(); });
    try {
      co_return co_await asked;
    } catch (const CancelledError&) {
      co_return "it was cancelled";
    }
  }
  static awaitable<std::string> or_timer(AsyncResult<std::string> asked) {
    using boost::asio::experimental::awaitable_operators::operator||;
    asio::steady_timer timer(co_await asio::this_coro::executor, 2 * kLong);
    const auto first = co_await (asked.async_wait(asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    co_return first.index() == 0 ? std::get<0>(first) : "the timer was first";
  }
};
using How = Asker::How;

class MethodRing : public testing::RuntimeTest {
 protected:
  MethodRing() {
    for (int each = 0; each < 3; ++each) askers_.push_back(runtime().spawn<Asker>({.name = "asker " + std::to_string(each)}));
  }
  // The first one asks the second one, …, and the last one the first one again: each as is said of it.
  std::string ask_ring(const std::vector<How>& how) const {
    Asker::Line ring;
    for (std::size_t each = 0; each < how.size(); ++each) ring.push_back({how[each], askers_[(each + 1) % how.size()]});
    return askers_.front().call<&Asker::ask>(std::move(ring)).get();
  }

  std::vector<Proxy<Asker>> askers_;
};

auto names_all(std::size_t count) {
  std::vector<::testing::Matcher<std::string>> names{HasSubstr("it would be waited for for ever: actor ")};
  for (std::size_t each = 0; each < count; ++each)
    names.emplace_back(HasSubstr("\"asker " + std::to_string(each) + "\" (troupe::test::Asker) waits for actor "));
  return ::testing::AllOfArray(names);
}

MATCHER_P(NamesAll, count, "") { return ::testing::ExplainMatchResult(names_all(count), arg, result_listener); }

TEST_F(MethodRing, OfTwoCoroutinesIsToldToOne) { EXPECT_THAT(ask_ring({How::plain, How::plain}), NamesAll(2U)); }

TEST_F(MethodRing, OfThreeCoroutinesIsToldToOne) { EXPECT_THAT(ask_ring({How::plain, How::plain, How::plain}), NamesAll(3U)); }

TEST_F(MethodRing, OfThreadsAndCoroutinesIsToldToOne) {
  EXPECT_THAT(ask_ring({How::thread, How::plain}), NamesAll(2U));
  EXPECT_THAT(ask_ring({How::plain, How::thread}), NamesAll(2U));
  EXPECT_THAT(ask_ring({How::thread, How::plain, How::thread}), NamesAll(3U));
}

TEST_F(MethodRing, IsFoundHoweverACoroutineWaitsForCallsAlone) {
  for (const How how : {How::token, How::callback_too, How::gather, How::wait_first, How::as_completed}) {
    EXPECT_THAT(ask_ring({How::plain, how}), NamesAll(2U)) << static_cast<int>(how);
    EXPECT_THAT(ask_ring({how, how}), NamesAll(2U)) << static_cast<int>(how);
  }
}

TEST_F(MethodRing, LeavesTheActorsAsTheyWere) {
  for (int round = 0; round < 5; ++round) {
    EXPECT_THAT(ask_ring({How::plain, How::plain}), NamesAll(2U));
    EXPECT_EQ(askers_[1].call<&Asker::ask>(Asker::Line{{How::plain, askers_[0]}}).get(), "asked all");
  }
}

TEST_F(MethodRing, IsNoneInALine) {
  const Asker::Line line{{How::plain, askers_[1]}, {How::gather, askers_[2]}};
  EXPECT_EQ(askers_[0].call<&Asker::ask>(line).get(), "asked all");
  EXPECT_EQ(askers_[0].call<&Asker::ask_slowly>(line).get(), "asked all");
}

// Also when many ask in all directions, for longer than it takes to look for rings.
TEST_F(MethodRing, IsNoneWhereEachWaitEnds) {
  std::vector<AsyncResult<std::string>> asked;
  for (int round = 0; round < 5; ++round) {
    asked.push_back(askers_[0].call<&Asker::ask_slowly>(Asker::Line{{How::plain, askers_[2]}}));
    asked.push_back(askers_[1].call<&Asker::ask_slowly>(Asker::Line{{How::gather, askers_[2]}}));
    asked.push_back(askers_[2].call<&Asker::ask_slowly>(Asker::Line{}));
  }
  for (const auto& each : asked) EXPECT_EQ(each.get(), "asked all");
}

// Whoever waits for good hears nothing: the other one's wait ends, and then it gets its answer.
TEST_F(MethodRing, IsNoneWhereATimeEndsIt) {
  EXPECT_EQ(ask_ring({How::deadline, How::plain}), "it took too long");
  EXPECT_EQ(ask_ring({How::time_limit, How::plain}), "it took too long");
  EXPECT_EQ(ask_ring({How::time_limit, How::thread}), "it took too long");
  EXPECT_EQ(ask_ring({How::plain, How::time_limit}), "it took too long");
}

TEST_F(MethodRing, IsNoneWhereAnotherHandlerOfTheContextEndsIt) {
  EXPECT_EQ(ask_ring({How::timer_beside, How::plain}), "it was cancelled");
  EXPECT_EQ(ask_ring({How::plain, How::timer_beside}), "it was cancelled");
  EXPECT_EQ(ask_ring({How::either, How::plain}), "the timer was first");
  EXPECT_EQ(ask_ring({How::plain, How::either}), "the timer was first");
}

// The other call's error ends the wait for both.
TEST_F(MethodRing, IsNoneWhereAnotherCallOfAGatherEndsIt) {
  const auto asked = askers_[0].call<&Asker::ask_with_one_that_fails>(Asker::Next{How::gather, askers_[1]},
                                                                      Asker::Line{{How::plain, askers_[0]}}, askers_[2]);
  EXPECT_EQ(asked.get(), "it failed");
}

}  // namespace
}  // namespace troupe::test
