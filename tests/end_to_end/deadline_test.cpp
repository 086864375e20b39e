// SPDX-License-Identifier: BSL-1.0
// Which deadline a call has, and what is known of one that has passed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "gate.hpp"

namespace troupe::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;

const CallOptions kNoDeadline{.deadline = Timeout()};
constexpr milliseconds kSoon{10};

class Deadline : public testing::RuntimeTest {
 protected:
  // An actor that waits at the gate, whatever its own deadline is.
  static Proxy<Recorder> spawn_held(Runtime& runtime, Gate& gate, SpawnOptions options = {}) {
    auto actor = runtime.spawn<Recorder>(std::move(options));
    actor.with(kNoDeadline).call<&Recorder::hold>(gate.path());
    gate.wait_reached();
    return actor;
  }
  static std::vector<int> seen(const Proxy<Recorder>& actor) { return actor.with(kNoDeadline).call<&Recorder::seen>().get(); }

  // Calls with a deadline that is long enough to start before it, and waits until it has passed.
  static AsyncResult<void> expire_running(const Proxy<Recorder>& actor, const Gate& gate) {
    for (milliseconds deadline = kSoon;; deadline *= 2) {
      auto result = actor.with({.deadline = deadline}).call<&Recorder::hold>(gate.path());
      if (verdict<TimeoutError>(result) == Execution::maybe) return result;
    }
  }
};

TEST_F(Deadline, OfACallThatWaitsMeansThatItNeverRuns) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  auto late = actor.with({.deadline = kSoon}).call<&Recorder::note>(1);
  auto behind = actor.call<&Recorder::note>(2);

  EXPECT_EQ(verdict<TimeoutError>(late), Execution::not_started);

  gate.let_go();
  EXPECT_EQ(behind.get(), 2);
  EXPECT_EQ(seen(actor), std::vector<int>{2});
}

TEST_F(Deadline, OfACallThatRunsLeavesItRunning) {
  Runtime runtime;
  Gate gate;
  auto actor = runtime.spawn<Recorder>();

  const auto late = expire_running(actor, gate);
  auto behind = actor.call<&Recorder::note>(2);
  gate.open();

  EXPECT_EQ(behind.get(), 2);
  EXPECT_TRUE(has_failed_with<TimeoutError>(late));
}

TEST_F(Deadline, IsKeptWithNobodyWaiting) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  std::promise<Execution> told;

  actor.with({.deadline = kSoon}).call<&Recorder::note>(1).on_done([&](AsyncResult<int> result) {
    told.set_value(verdict<TimeoutError>(result));
  });

  EXPECT_EQ(told.get_future().get(), Execution::not_started);
  gate.let_go();
  EXPECT_EQ(seen(actor), std::vector<int>());
}

TEST_F(Deadline, IsSeenByALookThatDoesNotWait) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  auto late = actor.with({.deadline = kSoon}).call<&Recorder::note>(1);
  while (!late.ready()) continue;
  EXPECT_FALSE(late.successful());
  EXPECT_EQ(verdict<TimeoutError>(late), Execution::not_started);
  gate.let_go();
}

TEST_F(Deadline, IsKeptByTheHostWhenNobodyEverLooks) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  actor.with({.deadline = kSoon}).call<&Recorder::note>(1);
  actor.with({.deadline = kSoon}).tell<&Recorder::note>(2);
  auto also_late = actor.with({.deadline = kSoon}).call<&Recorder::note>(3);
  also_late.wait();
  gate.let_go();
  EXPECT_EQ(seen(actor), std::vector<int>());
}

TEST_F(Deadline, OfThreadsThatWaitTogetherEndsEach) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  std::vector<std::future<Execution>> waiting;
  for (int i = 0; i < 6; ++i) {
    waiting.push_back(std::async(std::launch::async, [&actor, i] {
      return verdict<TimeoutError>(actor.with({.deadline = kSoon * (1 + i % 3)}).call<&Recorder::note>(i));
    }));
  }
  for (auto& each : waiting) EXPECT_EQ(each.get(), Execution::not_started);
  gate.let_go();
  EXPECT_EQ(seen(actor), std::vector<int>());
}

TEST_F(Deadline, PassesWhileTheMailboxIsFull) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate, {.mailbox = {.calls = 2}});
  auto queued = actor.call<&Recorder::note>(1);

  EXPECT_EQ(verdict<TimeoutError>(actor.with({.deadline = kSoon}).call<&Recorder::note>(2)), Execution::not_started);
  EXPECT_THROW(actor.with({.deadline = kSoon}).tell<&Recorder::note>(3), TimeoutError);

  gate.let_go();
  EXPECT_EQ(queued.get(), 1);
  EXPECT_EQ(seen(actor), std::vector<int>{1});
}

TEST_F(Deadline, OfTheActorHoldsForCallsThatHaveNone) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate, {.deadline = kSoon});
  EXPECT_EQ(verdict<TimeoutError>(actor.call<&Recorder::note>(1)), Execution::not_started);
  gate.let_go();
  EXPECT_EQ(seen(actor), std::vector<int>());
}

TEST_F(Deadline, OfTheRuntimeHoldsForActorsThatHaveNone) {
  Runtime runtime(RuntimeOptions{.deadline = kSoon});
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  EXPECT_EQ(verdict<TimeoutError>(actor.call<&Recorder::note>(1)), Execution::not_started);
  gate.let_go();
  EXPECT_EQ(seen(actor), std::vector<int>());
}

TEST_F(Deadline, OfTheActorWinsOverTheRuntimes) {
  Runtime runtime(RuntimeOptions{.deadline = std::chrono::nanoseconds(1)});
  auto actor = runtime.spawn<Recorder>({.deadline = std::chrono::hours(1)});
  EXPECT_EQ(actor.call<&Recorder::note>(1).get(), 1);
}

TEST_F(Deadline, OfTheCallWinsOverAllOthers) {
  Runtime runtime(RuntimeOptions{.deadline = std::chrono::nanoseconds(1)});
  auto actor = runtime.spawn<Recorder>({.deadline = std::chrono::nanoseconds(2)});
  EXPECT_EQ(actor.with({.deadline = std::chrono::hours(1)}).call<&Recorder::note>(1).get(), 1);
  EXPECT_EQ(actor.with(kNoDeadline).call<&Recorder::note>(2).get(), 2);
  EXPECT_EQ(verdict<TimeoutError>(actor.call<&Recorder::note>(3)), Execution::not_started);
  EXPECT_EQ(seen(actor), (std::vector<int>{1, 2}));
}

// Opens a channel of its own: it has never met the actor.
class Asker {
 public:
  int ask(Proxy<Recorder> actor) { return actor.call<&Recorder::note>(1).get(); }
};

TEST_F(Deadline, OfTheActorHoldsForWhoeverIsGivenItsProxy) {
  Runtime runtime;
  auto actor = runtime.spawn<Recorder>({.deadline = std::chrono::nanoseconds(1)});
  auto asker = runtime.spawn<Asker>();
  EXPECT_THROW(asker.call<&Asker::ask>(actor).get(), RemoteException);
  EXPECT_EQ(seen(actor), std::vector<int>());
}

TEST_F(Deadline, ThatIsOverAtTheStartMeansThatTheCallNeverRuns) {
  Runtime runtime;
  auto actor = runtime.spawn<Recorder>();
  EXPECT_EQ(verdict<TimeoutError>(actor.with({.deadline = milliseconds(-5)}).call<&Recorder::note>(1)), Execution::not_started);
  EXPECT_EQ(seen(actor), std::vector<int>());
}

template <class T>
std::string timeout_text(const AsyncResult<T>& result) {
  try {
    result.get();
  } catch (const TimeoutError& error) {
    return error.what();
  }
  return "no TimeoutError";
}

TEST_F(Deadline, SaysForHowLongTheCallHasRun) {
  Runtime runtime;
  Gate gate;
  auto actor = runtime.spawn<Recorder>();
  const auto late = expire_running(actor, gate);
  EXPECT_THAT(timeout_text(late),
              ContainsRegex("its deadline has passed; it was sent [0-9.]+ ms ago, and has run for [0-9.]+ ms; "));
  gate.open();
}

// Only the host looks, when the turn of the call comes.
TEST_F(Deadline, SaysHowLongTheCallWaitedAndWhatIsBehindIt) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  const auto late = actor.with({.deadline = kSoon}).call<&Recorder::note>(1);
  const auto second = actor.with(kNoDeadline).call<&Recorder::note>(2);
  const auto third = actor.with(kNoDeadline).call<&Recorder::note>(3);
  std::this_thread::sleep_until(std::chrono::steady_clock::now() + kSoon * 2);  // so the host finds it expired
  gate.let_go();
  EXPECT_EQ(third.get(), 3);  // reads the replies before it, too
  EXPECT_THAT(timeout_text(late),
              ContainsRegex("its turn came; it waited for [0-9.]+ ms, with 2 more calls of this process behind it"));
}

// Asks another actor, which is held at its gate, and says how that ended, and which deadline itself has.
class Relay {
 public:
  std::string ask(const Proxy<Recorder>& other) { return timeout_text(other.call<&Recorder::note>(1)); }
  std::string ask_with_longer(const Proxy<Recorder>& other) {
    return timeout_text(other.with({.deadline = std::chrono::hours(1)}).call<&Recorder::note>(1));
  }
  void tell(const Proxy<Recorder>& other) { other.tell<&Recorder::note>(2); }
  bool has_deadline() { return this_call().deadline().has_value(); }
  std::string last() const { return last_; }
  void note(const Proxy<Recorder>& other) { last_ = ask(other); }

 private:
  std::string last_;
};

TEST_F(Deadline, IsInheritedByTheCallsOfTheMethod) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  auto relay = runtime.spawn<Relay>();
  relay.with({.deadline = milliseconds(100)}).call<&Relay::note>(actor).exception();
  EXPECT_THAT(relay.call<&Relay::last>().get(), HasSubstr("its deadline has passed"));
  gate.let_go();
  EXPECT_EQ(seen(actor), std::vector<int>());
}

TEST_F(Deadline, ThatIsInheritedIsNotExtended) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  auto relay = runtime.spawn<Relay>();
  const auto asked = relay.with({.deadline = milliseconds(100)}).call<&Relay::ask_with_longer>(actor);
  if (asked.exception() == nullptr) {  // both end in the same instant, and the answer may be first
    EXPECT_THAT(asked.get(), HasSubstr("its deadline has passed"));
  }
  EXPECT_FALSE(relay.call<&Relay::has_deadline>().get()) << "it goes on, and has none by now";
  gate.let_go();
}

// Lost without a word, it would be.
TEST_F(Deadline, IsNotInheritedByOneWayMessages) {
  Runtime runtime;
  Gate gate;
  auto actor = spawn_held(runtime, gate);
  auto relay = runtime.spawn<Relay>();
  milliseconds deadline = kSoon;
  while (relay.with({.deadline = deadline}).call<&Relay::tell>(actor).exception() != nullptr) deadline *= 2;
  std::this_thread::sleep_until(std::chrono::steady_clock::now() + deadline * 2);
  gate.let_go();
  while (seen(actor).empty()) continue;  // of two senders either may be served first
  EXPECT_THAT(seen(actor), Each(2));
}

TEST_F(Deadline, IsKnownToTheMethod) {
  Runtime runtime;
  auto relay = runtime.spawn<Relay>();
  EXPECT_FALSE(relay.call<&Relay::has_deadline>().get());
  EXPECT_TRUE(relay.with({.deadline = std::chrono::hours(1)}).call<&Relay::has_deadline>().get());
  EXPECT_FALSE(relay.call<&Relay::has_deadline>().get());
}

}  // namespace
}  // namespace troupe::test
