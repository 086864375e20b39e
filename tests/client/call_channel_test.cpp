// SPDX-License-Identifier: BSL-1.0
// The client's half of calls, with a host's end in the same process: leaders, followers, spilling, judging, lies.
#include "client/call_channel.hpp"

#include <troupe/async_result.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <latch>
#include <numeric>
#include <semaphore>
#include <set>

#include "tests/client/in_process_host.hpp"
#include "wire/control.hpp"

namespace troupe::client {
namespace {

using channel::HostEnd;
using std::chrono::microseconds;
using std::chrono::milliseconds;

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

template <class E, class T>
bool has_failed_with(const AsyncResult<T>& result) {
  try {
    std::rethrow_exception(result.exception());
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

template <class E>
Execution verdict(const AsyncResult<int>& result) {
  try {
    result.get();
  } catch (const E& error) {
    return error.execution();
  }
  throw std::logic_error("the call did not fail");
}

// A host that notes the numbers that it starts, and stops at the first one until it is let go.
struct HeldHost {
  explicit HeldHost(const MailboxOptions& mailbox)
      : host(mailbox, [this](HostEnd& end, const HostEnd::Request& request) {
          seen.push_back(InProcessHost::number_in(request));
          if (seen.size() == 1) {
            has_entered.release();
            may_leave.acquire();
          }
          InProcessHost::echo(end, request);
        }) {}
  ~HeldHost() { may_leave.release(); }

  // The first call, which runs now.
  AsyncResult<int> call_first() {
    auto first = host.proxy().call<&Echo::number>(0);
    has_entered.acquire();
    return first;
  }
  const std::vector<int>& seen_at_last() {
    host.stop();
    return seen;
  }

  std::vector<int> seen;
  std::binary_semaphore has_entered{0};
  std::counting_semaphore<> may_leave{0};
  InProcessHost host;
};

// A host that has done a call and is stopped before it answers: as if it were frozen there.
TEST(CallChannel, ADeadlineHoldsAlsoBetweenTheEndOfACallAndItsReply) {
  std::binary_semaphore has_ended{0};
  InProcessHost host({}, [&](HostEnd& end, const HostEnd::Request& request) {
    end.rearm(request.ticket);
    has_ended.release();
  });
  const auto result = host.proxy().with({.deadline = milliseconds(300)}).call<&Echo::number>(1);
  has_ended.acquire();
  EXPECT_EQ(verdict<TimeoutError>(result), Execution::done);
  host.stop();
  host.channel().fall(Fall::runtime_stopped);  // it still waits for the reply
}

TEST(CallChannel, GivesEachOfManyThreadsItsOwnResults) {
  InProcessHost host;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(host.proxy().call<&Echo::number>(thread * 1000 + i).get(), thread * 1000 + i);
        EXPECT_EQ(host.proxy().call<&Echo::text>(std::to_string(i)).get(), std::to_string(i));
      }
    });
  }
}

TEST(CallChannel, ReadsForThreadsThatWaitForWhatOthersSent) {
  InProcessHost host;
  for (int round = 0; round < 50; ++round) {
    std::vector<AsyncResult<int>> sent;
    for (int i = 0; i < 100; ++i) sent.push_back(host.proxy().call<&Echo::number>(i));
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&sent, thread] {
        for (int i = 99 - thread; i >= 0; i -= 1 + thread) EXPECT_EQ(sent[static_cast<std::size_t>(i)].get(), i);
      });
    }
  }
}

TEST(CallChannel, PromotesAFollowerWhenItsLeaderLeaves) {
  for (int round = 0; round < 20; ++round) {
    HeldHost held({});
    auto first = held.call_first();
    std::vector<std::jthread> staying;
    for (int i = 1; i <= 3; ++i) {
      staying.emplace_back([&, i] { EXPECT_EQ(held.host.proxy().call<&Echo::number>(i).get(), i); });
    }
    std::vector<std::jthread> leaving;
    for (int i = 1; i <= 4; ++i) {
      leaving.emplace_back([&first, i] { EXPECT_FALSE(first.wait(microseconds(200 * i))); });
    }
    leaving.clear();
    held.may_leave.release();
    EXPECT_EQ(first.get(), 0);
  }
}

TEST(CallChannel, CallsBackWhileOthersWaitAndWhileNobodyDoes) {
  InProcessHost host;
  for (int round = 0; round < 20; ++round) {
    std::latch called_back(200);
    for (int i = 0; i < 200; ++i) {
      host.proxy().call<&Echo::number>(i).on_done([&, i](AsyncResult<int> result) {
        EXPECT_EQ(result.get(), i);
        called_back.count_down();
      });
      if (i % 10 == 0) host.proxy().call<&Echo::number>(i).get();
    }
    called_back.wait();
  }
}

// While it lives, this process gets no new handle.
class NoMoreHandles {
 public:
  NoMoreHandles() {
    ::getrlimit(RLIMIT_NOFILE, &former_);
    const rlimit none{3, former_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreHandles() { ::setrlimit(RLIMIT_NOFILE, &former_); }
  NoMoreHandles(const NoMoreHandles&) = delete;
  NoMoreHandles& operator=(const NoMoreHandles&) = delete;

 private:
  rlimit former_{};
};

TEST(CallChannel, ACallbackThatCannotBeWaitedForIsRefusedAndTheResultIsNot) {
  HeldHost held({});
  const auto result = held.call_first();
  bool was_called = false;
  {
    const NoMoreHandles tight;
    EXPECT_THROW(result.on_done([&] { was_called = true; }), Error);
  }
  held.may_leave.release();
  EXPECT_EQ(result.get(), 0);
  EXPECT_FALSE(was_called);
}

TEST(CallChannel, ACallThatCannotBeSpilledFailsAndTheOthersDoNot) {
  HeldHost held({.calls = 2, .when_full = WhenFull::spill});
  const auto first = held.call_first();
  const auto second = held.host.proxy().call<&Echo::number>(2);
  {
    const NoMoreHandles tight;
    EXPECT_TRUE(has_failed_with<Error>(held.host.proxy().call<&Echo::number>(3)));
  }
  const auto fourth = held.host.proxy().call<&Echo::number>(4);
  held.may_leave.release();
  EXPECT_EQ(first.get(), 0);
  EXPECT_EQ(second.get(), 2);
  EXPECT_EQ(fourth.get(), 4);
}

TEST(CallChannel, SpillsInOrder) {
  HeldHost held({.calls = 4, .when_full = WhenFull::spill});
  std::vector<AsyncResult<int>> sent{held.call_first()};
  for (int i = 1; i < 3000; ++i) sent.push_back(held.host.proxy().call<&Echo::number>(i));
  held.may_leave.release();
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(sent[static_cast<std::size_t>(i)].get(), i);
  EXPECT_EQ(held.seen_at_last(), numbers(3000));
}

TEST(CallChannel, TakesBackCallsFromAnywhereInTheQueue) {
  constexpr int kCalls = 3000;
  HeldHost held({.calls = 4, .when_full = WhenFull::spill});
  std::vector<AsyncResult<int>> sent{held.call_first()};
  for (int i = 1; i < kCalls; ++i) sent.push_back(held.host.proxy().call<&Echo::number>(i));
  for (int i = 1; i < kCalls; ++i) {
    const int number = i * 1001 % kCalls;  // each of them once
    if (number % 3 == 0) continue;
    EXPECT_TRUE(sent[static_cast<std::size_t>(number)].cancel()) << number;
  }
  held.may_leave.release();
  std::vector<int> kept;
  for (int i = 0; i < kCalls; ++i) {
    const auto& result = sent[static_cast<std::size_t>(i)];
    if (result.cancelled()) continue;
    EXPECT_EQ(result.get(), i);
    kept.push_back(i);
  }
  EXPECT_EQ(kept.size(), 1000u);
  EXPECT_EQ(held.seen_at_last(), kept);
}

TEST(CallChannel, TakesBackASpilledCallOrSendsItButNeverBoth) {
  std::vector<int> seen, kept;
  {
    InProcessHost host({.calls = 4, .when_full = WhenFull::spill}, [&](HostEnd& end, const HostEnd::Request& request) {
      seen.push_back(InProcessHost::number_in(request));
      InProcessHost::echo(end, request);
    });
    for (int first = 0; first < 20000; first += 100) {
      std::vector<AsyncResult<int>> sent;
      for (int i = 0; i < 100; ++i) sent.push_back(host.proxy().call<&Echo::number>(first + i));
      for (std::size_t i = 0; i < 100; i += 2) sent[99 - i].cancel();
      for (int i = 0; i < 100; ++i) {
        const auto& result = sent[static_cast<std::size_t>(i)];
        if (result.exception() == nullptr) kept.push_back(first + i);
      }
    }
  }
  EXPECT_EQ(seen, kept);
}

TEST(CallChannel, SpillsFromManyThreads) {
  InProcessHost host({.calls = 4, .when_full = WhenFull::spill});
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      std::vector<AsyncResult<int>> sent;
      for (int i = 0; i < 1000; ++i) sent.push_back(host.proxy().call<&Echo::number>(i));
      for (int i = 0; i < 1000; ++i) EXPECT_EQ(sent[static_cast<std::size_t>(i)].get(), i);
    });
  }
}

TEST(CallChannel, LetsManyThreadsWaitForRoom) {
  InProcessHost host({.calls = 2});
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        auto result = host.proxy().call<&Echo::number>(i);
        host.proxy().tell<&Echo::number>(i);
        EXPECT_EQ(result.get(), i);
      }
    });
  }
}

// Whatever the race between deadline, host and reader comes to.
TEST(CallChannel, NeverSaysNotStartedOfACallThatTheHostHasSeen) {
  std::vector<int> seen;
  std::set<int> not_started;
  int values = 0, late = 0;
  {
    InProcessHost host({.calls = 8, .when_full = WhenFull::spill}, [&](HostEnd& end, const HostEnd::Request& request) {
      seen.push_back(InProcessHost::number_in(request));
      InProcessHost::echo(end, request);
    });
    for (int i = 0; i < 5000; i += 20) {
      std::vector<AsyncResult<int>> sent;
      for (int j = 0; j < 20; ++j) {
        sent.push_back(host.proxy().with({.deadline = microseconds(5 * j)}).call<&Echo::number>(i + j));
      }
      for (int j = 0; j < 20; ++j) {
        const auto& result = sent[static_cast<std::size_t>(j)];
        if (result.exception() == nullptr) {
          ++values;
        } else if (verdict<TimeoutError>(result) == Execution::not_started) {
          not_started.insert(i + j);
        } else {
          ++late;
        }
      }
    }
  }
  for (const int each : seen) EXPECT_FALSE(not_started.contains(each)) << each;
  EXPECT_EQ(seen.size() + not_started.size(), 5000u);
  EXPECT_EQ(values + late, static_cast<int>(seen.size()));
}

TEST(CallChannel, JudgesEachCallWhenItsHostFalls) {
  HeldHost held({.calls = 4, .when_full = WhenFull::spill});
  auto running = held.call_first();
  std::vector<AsyncResult<int>> queued;
  for (int i = 1; i < 20; ++i) queued.push_back(held.host.proxy().call<&Echo::number>(i));
  std::latch called_back(1);
  queued.back().on_done([&] { called_back.count_down(); });
  std::vector<std::jthread> waiting;
  for (const auto& each : queued) {
    waiting.emplace_back([&each] { EXPECT_EQ(verdict<ActorDied>(each), Execution::not_started); });
  }

  held.host.channel().fall(Fall::host_died);

  EXPECT_EQ(verdict<ActorDied>(running), Execution::maybe);
  waiting.clear();
  called_back.wait();
  EXPECT_EQ(verdict<ActorDied>(held.host.proxy().call<&Echo::number>(1)), Execution::not_started);
}

// In the mailbox and in the queue before it.
TEST(CallChannel, CountsTheTellsThatItsHostHadNotStarted) {
  HeldHost held({.calls = 4, .when_full = WhenFull::spill});
  auto running = held.call_first();
  for (int i = 1; i < 20; ++i) held.host.proxy().tell<&Echo::number>(i);
  auto call = held.host.proxy().call<&Echo::number>(20);

  held.host.channel().fall(Fall::host_died);

  EXPECT_EQ(verdict<ActorDied>(call), Execution::not_started);
  EXPECT_EQ(held.host.channel().lost_tells(), 19u);
}

TEST(CallChannel, LeavesTheTellsInItsMailboxToAHostThatLivesOn) {
  HeldHost held({.calls = 4, .when_full = WhenFull::spill});
  auto running = held.call_first();
  for (int i = 1; i < 20; ++i) held.host.proxy().tell<&Echo::number>(i);

  held.host.channel().fall(Fall::runtime_stopped);

  EXPECT_TRUE(has_failed_with<RuntimeStopped>(running));
  EXPECT_EQ(held.host.channel().lost_tells(), 16u);
}

TEST(CallChannel, DeliversWhatWasWrittenBeforeTheFall) {
  InProcessHost host;
  std::vector<AsyncResult<int>> sent;
  for (int i = 0; i < 100; ++i) sent.push_back(host.proxy().call<&Echo::number>(i));
  sent.back().wait();
  host.stop();
  auto unseen = host.proxy().call<&Echo::number>(1);
  host.channel().fall(Fall::host_died);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(sent[static_cast<std::size_t>(i)].get(), i);
  EXPECT_EQ(verdict<ActorDied>(unseen), Execution::not_started);
}

// A host that answers its first call with a lie.
class LyingHost : public ::testing::TestWithParam<InProcessHost::Answer> {};

TEST_P(LyingHost, EndsItsChannelWithProtocolErrors) {
  std::binary_semaphore may_answer(0);
  InProcessHost host({}, [&](HostEnd& end, const HostEnd::Request& request) {
    may_answer.acquire();
    GetParam()(end, request);
  });
  auto first = host.proxy().call<&Echo::number>(1);
  auto second = host.proxy().call<&Echo::text>("2");
  std::jthread third([&] { EXPECT_TRUE(has_failed_with<ProtocolError>(host.proxy().call<&Echo::number>(3))); });

  may_answer.release();

  EXPECT_TRUE(has_failed_with<ProtocolError>(second));
  EXPECT_TRUE(first.ready());
  third.join();
  EXPECT_TRUE(has_failed_with<ProtocolError>(host.proxy().call<&Echo::number>(4)));
  EXPECT_THROW(host.proxy().tell<&Echo::number>(5), ProtocolError);
  may_answer.release();
}

INSTANTIATE_TEST_SUITE_P(
    Lies, LyingHost,
    ::testing::Values(
        [](HostEnd& end, const HostEnd::Request& request) {  // a kind of reply that is none
          end.publish_reply(request.ticket, static_cast<wire::ReplyKind>(200), true);
        },
        [](HostEnd& end, const HostEnd::Request& request) {  // two replies to one call
          InProcessHost::echo(end, request);
          InProcessHost::echo(end, request);
        },
        [](HostEnd& end, const HostEnd::Request& request) {  // a reply to a call that nobody made
          end.publish_reply({static_cast<std::uint16_t>(request.ticket.slot + 100), 0}, wire::ReplyKind::value, true);
        }));

// The manager knows nothing of the lie: its client has to say that what was on the way will not arrive.
TEST(CallChannel, GivesBackTheLeasesOfTellsWhenItsHostLies) {
  for (const auto when_full : {WhenFull::block, WhenFull::spill}) {
    std::binary_semaphore is_asked(0), may_lie(0);
    InProcessHost host({.calls = 2, .when_full = when_full}, [&](HostEnd& end, const HostEnd::Request& request) {
      is_asked.release();
      may_lie.acquire();
      end.publish_reply(request.ticket, static_cast<wire::ReplyKind>(200), true);
    });
    const auto first = host.proxy().call<&Echo::number>(1);
    is_asked.acquire();
    if (when_full == WhenFull::spill) host.proxy().tell<&Echo::number>(2);
    host.proxy().tell<&Echo::keep>(host.proxy());
    const auto lease = host.manager().await_message<wire::Lease>();
    host.take_no_more();
    may_lie.release();
    EXPECT_TRUE(has_failed_with<ProtocolError>(first));
    const auto news = host.manager().await_message<wire::LeaseNews>();
    EXPECT_EQ(news.what, wire::LeaseNews::What::over);
    EXPECT_EQ(news.number, lease.number);
  }
}

TEST(CallChannel, FailsOnlyTheCallWhoseResultCannotBeDecoded) {
  InProcessHost host({}, [](HostEnd& end, const HostEnd::Request& request) {
    std::memset(end.draft_reply(3), 0xff, 3);
    end.publish_reply(request.ticket, wire::ReplyKind::value, true);
  });
  EXPECT_TRUE(has_failed_with<SerializationError>(host.proxy().call<&Echo::number>(1)));
  EXPECT_TRUE(has_failed_with<SerializationError>(host.proxy().call<&Echo::text>("2")));
  EXPECT_TRUE(has_failed_with<SerializationError>(host.proxy().call<&Echo::number>(3)));
}

TEST(CallChannel, MeetsAHostThatSaysItHasReadWhatWasNeverSent) {
  HeldHost held({.calls = 2});
  auto first = held.call_first();
  held.host.proxy().tell<&Echo::number>(1);
  held.host.raw_replies().requests_read = std::uint64_t{1} << 40;
  EXPECT_TRUE(has_failed_with<ProtocolError>(held.host.proxy().call<&Echo::number>(2)));
  EXPECT_TRUE(has_failed_with<ProtocolError>(first));
}

}  // namespace
}  // namespace troupe::client
