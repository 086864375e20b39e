// SPDX-License-Identifier: BSL-1.0
// A mailbox that is full, under each of its policies.
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <algorithm>
#include <future>
#include <latch>
#include <numeric>
#include <thread>

#include "gate.hpp"

namespace troupe::test {
namespace {

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

class Mailbox : public testing::RuntimeTest {
 protected:
  void TearDown() override {
    gate_.let_go();
    running_ = {};
    testing::RuntimeTest::TearDown();
  }
  // A recorder that waits at the gate, so that whatever is sent to it stays in its mailbox.
  Proxy<Recorder> spawn_held(MailboxOptions mailbox) {
    auto actor = runtime().spawn<Recorder>({.mailbox = mailbox});
    running_ = actor.call<&Recorder::hold>(gate_.path());
    gate_.wait_reached();
    return actor;
  }
  void let_go() {
    gate_.let_go();
    running_.get();
  }
  const AsyncResult<void>& running() const { return running_; }

 private:
  Gate gate_;
  AsyncResult<void> running_;
};

TEST_F(Mailbox, ThatIsFullFailsACallWhereThePolicySaysSo) {
  auto actor = spawn_held({.calls = 4, .when_full = WhenFull::fail});
  std::vector<AsyncResult<int>> sent;
  for (int i = 0; i < 3; ++i) sent.push_back(actor.call<&Recorder::note>(i));
  EXPECT_TRUE(has_failed_with<MailboxFull>(actor.call<&Recorder::note>(3)));
  EXPECT_TRUE(has_failed_with<MailboxFull>(actor.call<&Recorder::seen>()));

  let_go();

  for (int i = 0; i < 3; ++i) EXPECT_EQ(sent[static_cast<std::size_t>(i)].get(), i);
  EXPECT_EQ(actor.call<&Recorder::note>(3).get(), 3);
  EXPECT_EQ(actor.call<&Recorder::seen>().get(), numbers(4));
}

TEST_F(Mailbox, ThatIsFullThrowsFromATellWhereThePolicySaysSo) {
  auto actor = spawn_held({.calls = 4, .when_full = WhenFull::fail});
  for (int i = 0; i < 3; ++i) actor.tell<&Recorder::note>(i);
  EXPECT_THROW(actor.tell<&Recorder::note>(3), MailboxFull);

  let_go();

  EXPECT_EQ(actor.call<&Recorder::seen>().get(), numbers(3));
  actor.tell<&Recorder::note>(3);
  EXPECT_EQ(actor.call<&Recorder::seen>().get(), numbers(4));
}

TEST_F(Mailbox, ThatIsFullNamesTheActorTheMethodAndWhatToDo) {
  auto actor = spawn_held({.calls = 1, .when_full = WhenFull::fail});
  try {
    actor.tell<&Recorder::note>(1);
    FAIL();
  } catch (const MailboxFull& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("Recorder::note"), std::string::npos) << text;
    EXPECT_NE(text.find(std::to_string(actor.pid())), std::string::npos) << text;
    EXPECT_NE(text.find("SpawnOptions::mailbox"), std::string::npos) << text;
  }
  let_go();
}

TEST_F(Mailbox, IsBoundedByBytesAsWellAsByCalls) {
  auto actor = spawn_held({.calls = 1000, .bytes = 16 * 1024, .when_full = WhenFull::fail});
  const std::string kilobyte(1024, 'x');
  std::vector<AsyncResult<int>> sent;
  do {
    sent.push_back(actor.call<&Recorder::note_with>(static_cast<int>(sent.size()), kilobyte));
  } while (!sent.back().ready());
  EXPECT_TRUE(has_failed_with<MailboxFull>(sent.back()));
  sent.pop_back();
  EXPECT_GE(sent.size(), 8u);
  EXPECT_LE(sent.size(), 16u);

  let_go();

  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i].get(), static_cast<int>(i));
  EXPECT_EQ(actor.call<&Recorder::seen>().get(), numbers(static_cast<int>(sent.size())));
}

TEST_F(Mailbox, SpillsFarMoreThanItHoldsAndKeepsTheOrder) {
  auto actor = spawn_held({.calls = 8, .when_full = WhenFull::spill});
  std::vector<AsyncResult<int>> sent;
  for (int i = 0; i < 5000; i += 2) {
    sent.push_back(actor.call<&Recorder::note>(i));
    actor.tell<&Recorder::note_with>(i + 1, std::string(static_cast<std::size_t>(i) % 1000, 'x'));
  }

  let_go();

  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i].get(), static_cast<int>(2 * i));
  EXPECT_EQ(actor.call<&Recorder::seen>().get(), numbers(5000));
}

TEST_F(Mailbox, SpillsWithoutAnybodyWaiting) {
  auto actor = spawn_held({.calls = 8, .when_full = WhenFull::spill});
  std::latch done(2000);
  for (int i = 0; i < 2000; ++i) actor.call<&Recorder::note>(i).on_done([&] { done.count_down(); });

  let_go();

  done.wait();
  EXPECT_EQ(actor.call<&Recorder::seen>().get(), numbers(2000));
}

TEST_F(Mailbox, SpilledCallsEndAtTheirDeadlineAndNeverRun) {
  auto actor = spawn_held({.calls = 2, .when_full = WhenFull::spill});
  auto within = actor.call<&Recorder::note>(0);
  std::vector<AsyncResult<int>> late;
  for (int i = 0; i < 20; ++i) {
    late.push_back(actor.with({.deadline = std::chrono::milliseconds(10)}).call<&Recorder::note>(100 + i));
  }
  auto behind = actor.call<&Recorder::note>(1);
  for (const auto& each : late) EXPECT_EQ(verdict<TimeoutError>(each), Execution::not_started);

  let_go();

  EXPECT_EQ(within.get(), 0);
  EXPECT_EQ(behind.get(), 1);
  EXPECT_EQ(actor.call<&Recorder::seen>().get(), numbers(2));
}

TEST_F(Mailbox, SpilledCallsEndAtTheirDeadlineWithoutAnybodyWaiting) {
  auto actor = spawn_held({.calls = 2, .when_full = WhenFull::spill});
  std::latch done(20);
  for (int i = 0; i < 20; ++i) {
    actor.with({.deadline = std::chrono::milliseconds(10)}).call<&Recorder::note>(i).on_done([&] { done.count_down(); });
  }
  done.wait();
  let_go();
  EXPECT_EQ(actor.call<&Recorder::seen>().get(), numbers(0));
}

TEST_F(Mailbox, SpilledCallsHadNotStartedWhenTheHostDies) {
  auto actor = spawn_held({.calls = 4, .when_full = WhenFull::spill});
  std::vector<AsyncResult<int>> sent;
  for (int i = 0; i < 100; ++i) sent.push_back(actor.call<&Recorder::note>(i));
  std::latch called_back(100);
  for (int i = 0; i < 100; ++i) actor.call<&Recorder::note>(i).on_done([&] { called_back.count_down(); });

  actor.kill();

  EXPECT_EQ(verdict<ActorDied>(running()), Execution::maybe);
  for (const auto& each : sent) EXPECT_EQ(verdict<ActorDied>(each), Execution::not_started);
  called_back.wait();
}

TEST_F(Mailbox, OfAnActorThatDiesLosesTellsAndItsDownSaysHowMany) {
  auto actor = spawn_held({.calls = 4, .when_full = WhenFull::spill});
  for (int i = 0; i < 100; ++i) actor.tell<&Recorder::note>(i);
  std::promise<Down> ended;
  actor.on_down([&](const Down& down) { ended.set_value(down); });

  actor.kill();

  const Down down = ended.get_future().get();
  EXPECT_EQ(down.lost_tells, 100u);
  EXPECT_NE(down.cause.method.find("Recorder::hold"), std::string::npos) << down.cause.method;
}

TEST_F(Mailbox, ThatIsFullBlocksEachOfManySendersUntilThereIsRoom) {
  auto actor = spawn_held({.calls = 4, .when_full = WhenFull::block});
  constexpr int kEach = 400;
  std::vector<std::jthread> senders;
  for (int sender = 0; sender < 4; ++sender) {
    senders.emplace_back([&actor, sender] {
      std::vector<AsyncResult<int>> sent;
      for (int i = 0; i < kEach; i += 2) {
        sent.push_back(actor.call<&Recorder::note>(sender * kEach + i));
        actor.tell<&Recorder::note_with>(sender * kEach + i + 1, std::string(static_cast<std::size_t>(i), 'x'));
      }
      for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i].get(), sender * kEach + static_cast<int>(2 * i));
    });
  }

  let_go();
  senders.clear();

  auto seen = actor.call<&Recorder::seen>().get();
  std::stable_sort(seen.begin(), seen.end(), [](int a, int b) { return a / kEach < b / kEach; });
  EXPECT_EQ(seen, numbers(4 * kEach));
}

TEST_F(Mailbox, ReleasesBlockedSendersWhenTheHostDies) {
  auto actor = spawn_held({.calls = 2, .when_full = WhenFull::block});
  auto queued = actor.call<&Recorder::note>(0);
  std::vector<std::jthread> senders;
  for (int sender = 0; sender < 4; ++sender) {
    senders.emplace_back([&] {
      EXPECT_EQ(verdict<ActorDied>(actor.call<&Recorder::note>(1)), Execution::not_started);
      EXPECT_THROW(actor.tell<&Recorder::note>(2), ActorDied);
    });
  }
  actor.kill();
  senders.clear();
  EXPECT_EQ(verdict<ActorDied>(queued), Execution::not_started);
  EXPECT_EQ(verdict<ActorDied>(running()), Execution::maybe);
}

// Sends its peer more than fits, and takes what the peer sends.
class Flooder {
 public:
  void meet(Proxy<Flooder> peer) { peer_ = std::move(peer); }
  void tell(int count) {
    for (int i = 0; i < count; ++i) peer_.tell<&Flooder::take>(i);
  }
  void call(int count) {
    for (int i = 0; i < count; ++i) results_.push_back(peer_.call<&Flooder::take>(i));
  }
  int take(int number) {
    seen_.push_back(number);
    return number;
  }
  int taken() const { return static_cast<int>(seen_.size()); }
  std::vector<int> seen() const { return seen_; }
  std::vector<int> results() const {
    std::vector<int> values;
    for (const auto& each : results_) values.push_back(each.get());
    return values;
  }

 private:
  Proxy<Flooder> peer_;
  std::vector<int> seen_;
  std::vector<AsyncResult<int>> results_;
};

class Flood : public testing::RuntimeTest {
 protected:
  void SetUp() override {
    testing::RuntimeTest::SetUp();
    const SpawnOptions small = {.mailbox = {.calls = 16}};
    a_ = runtime().spawn<Flooder>(small);
    b_ = runtime().spawn<Flooder>(small);
    a_.call<&Flooder::meet>(b_).get();
    b_.call<&Flooder::meet>(a_).get();
  }
  // Each ends as it should, with a session of its own that knows the other.
  void TearDown() override {
    a_.stop();
    b_.stop();
    EXPECT_EQ(a_.wait(), ExitStatus());
    EXPECT_EQ(b_.wait(), ExitStatus());
    a_ = b_ = {};
    testing::RuntimeTest::TearDown();
  }
  static void wait_taken(const Proxy<Flooder>& actor, int count) {
    while (actor.call<&Flooder::taken>().get() != count) std::this_thread::yield();
  }

  Proxy<Flooder> a_, b_;
};

TEST_F(Flood, OfMessagesBetweenTwoActorsHangsNeitherAndKeepsTheOrder) {
  auto from_a = a_.call<&Flooder::tell>(3000);
  auto from_b = b_.call<&Flooder::tell>(3000);
  from_a.get();
  from_b.get();
  wait_taken(a_, 3000);
  wait_taken(b_, 3000);
  EXPECT_EQ(a_.call<&Flooder::seen>().get(), numbers(3000));
  EXPECT_EQ(b_.call<&Flooder::seen>().get(), numbers(3000));
}

TEST_F(Flood, OfCallsBetweenTwoActorsGivesEachItsResults) {
  auto from_a = a_.call<&Flooder::call>(3000);
  auto from_b = b_.call<&Flooder::call>(3000);
  from_a.get();
  from_b.get();
  EXPECT_EQ(a_.call<&Flooder::results>().get(), numbers(3000));
  EXPECT_EQ(b_.call<&Flooder::results>().get(), numbers(3000));
  EXPECT_EQ(a_.call<&Flooder::seen>().get(), numbers(3000));
  EXPECT_EQ(b_.call<&Flooder::seen>().get(), numbers(3000));
}

}  // namespace
}  // namespace troupe::test
