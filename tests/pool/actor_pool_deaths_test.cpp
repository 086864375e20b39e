// SPDX-License-Identifier: BSL-1.0
#include <climits>
#include <random>
#include <set>

#include "workers.hpp"

namespace troupe::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::Ne;

class ActorPoolDeaths : public PoolFixture {};
TROUPE_FOR_BOTH_START_METHODS(ActorPoolDeaths);

// Two members that are held, with calls behind that; then the first one is killed.
class Scene {
 public:
  Scene(Runtime& runtime, const ActorPoolOptions& options, const std::string& path)
      : pool(runtime, options, path), members(pool.members()), path_(path) {
    held.push_back(pool.call<&Worker::hold>(gates[0].path()));
    held.push_back(pool.call<&Worker::hold>(gates[1].path()));
    for (auto& each : gates) each.wait_reached();
  }
  ~Scene() {
    for (auto& each : gates) each.let_go();
  }
  // Of those that are sent in pairs, the first goes to the first member.
  AsyncResult<int> call_first() {
    auto first = pool.call<&Worker::pid>();
    others.push_back(pool.call<&Worker::pid>());
    return first;
  }
  // It is not replaced.
  void kill_first() {
    std::ofstream(path_) << "no more";
    members[0].kill();
    EXPECT_EQ(verdict<ActorDied>(held[0]), Execution::maybe);
  }

  const ActorPool<Worker> pool;
  const std::vector<Proxy<Worker>> members;
  Gate gates[2];
  std::vector<AsyncResult<void>> held;
  std::vector<AsyncResult<int>> others;

 private:
  const std::string path_;
};

class ActorPoolMoves : public PoolFixture {};
TROUPE_FOR_BOTH_START_METHODS(ActorPoolMoves);

TEST_P(ActorPoolDeaths, U23_ADeadMemberIsReplaced) {
  const ActorPool<Worker> pool(runtime(), options(3));
  const auto before = pool.members();
  before[1].kill();
  until([&] { return has_replaced(pool, before[1]); });
  const auto after = pool.members();
  EXPECT_EQ(after[0], before[0]);
  EXPECT_NE(after[1], before[1]);
  EXPECT_EQ(after[2], before[2]);
  EXPECT_THAT(pool.broadcast<&Worker::pid>().get(), Each(Ne(before[1].pid())));
}

TEST_P(ActorPoolMoves, WhatADeadMemberHadNotBegunGoesToAnother) {
  Scene scene(runtime(), options(2), missing_file());
  std::vector<AsyncResult<int>> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(scene.call_first());
  scene.kill_first();
  for (const auto& each : waiting) EXPECT_FALSE(each.running());
  scene.gates[1].let_go();
  for (const auto& each : waiting) EXPECT_NE(each.get(), scene.members[0].pid());
  for (const auto& each : scene.others) EXPECT_EQ(each.get(), scene.members[1].pid());
}

TEST_P(ActorPoolMoves, ThreadsThatWaitForACallWaitOn) {
  Scene scene(runtime(), options(2), missing_file());
  std::vector<std::thread> waiters;
  std::atomic<int> answers{0};
  for (int i = 0; i < 6; ++i) {
    const auto moved = scene.call_first();
    waiters.emplace_back([&, moved] { answers += moved.get() != scene.members[0].pid() ? 1 : 0; });
  }
  scene.kill_first();
  scene.gates[1].let_go();
  for (auto& each : waiters) each.join();
  EXPECT_EQ(answers, 6);
}

TEST_P(ActorPoolMoves, CallbacksOfACallHearOfItsValue) {
  Scene scene(runtime(), options(2), missing_file());
  Promise<int> before, after;
  const auto one = scene.call_first();
  const auto other = scene.call_first();
  one.on_done([&](AsyncResult<int> result) { before.set_value(result.get()); });
  scene.kill_first();
  other.on_done([&](AsyncResult<int> result) { after.set_value(result.get()); });
  scene.gates[1].let_go();
  EXPECT_NE(before.result().get(), scene.members[0].pid());
  EXPECT_NE(after.result().get(), scene.members[0].pid());
}

TEST_P(ActorPoolMoves, ACancelledCallNeverRuns) {
  Scene scene(runtime(), options(2), missing_file());
  const auto moved = scene.pool.call<&Worker::count>();
  scene.kill_first();
  EXPECT_TRUE(moved.cancel());
  EXPECT_TRUE(moved.cancelled());
  scene.gates[1].let_go();
  EXPECT_EQ(scene.members[1].call<&Worker::counted>().get(), 0);
}

TEST_P(ActorPoolMoves, ADeadlineHoldsWhereverTheCallIs) {
  Scene scene(runtime(), options(2), missing_file());
  const auto moved = scene.pool.with({.deadline = milliseconds(100)}).call<&Worker::pid>();
  scene.kill_first();
  EXPECT_EQ(verdict<TimeoutError>(moved), Execution::not_started);
}

TEST_P(ActorPoolMoves, ALargeArgumentGoesAlong) {
  Scene scene(runtime(), options(2), missing_file());
  const std::string text(std::size_t{3} << 20, 'x');
  const auto moved = scene.pool.call<&Worker::size_of>(text);
  scene.kill_first();
  scene.gates[1].let_go();
  EXPECT_EQ(moved.get(), text.size());
}

TEST_P(ActorPoolMoves, ExceptionsComeFromThere) {
  Scene scene(runtime(), options(2), missing_file());
  const auto moved = scene.pool.call<&Worker::fail>(4);
  scene.kill_first();
  scene.gates[1].let_go();
  EXPECT_THROW(moved.get(), std::out_of_range);
}

TEST_P(ActorPoolMoves, ACallWithAKeyGoesWhereItsKeyGoesNow) {
  Scene scene(runtime(), options(2), missing_file());
  std::vector<AsyncResult<int>> keyed;
  for (int key = 0; key < 20; ++key) keyed.push_back(scene.pool.by_key(key).call<&Worker::pid>());
  scene.kill_first();
  scene.gates[1].let_go();
  for (const auto& each : keyed) EXPECT_NE(each.get(), scene.members[0].pid());
}

TEST_P(ActorPoolMoves, ACallToOneMemberOnlyStaysThere) {
  Scene scene(runtime(), options(2), missing_file());
  const auto meant = scene.members[0].call<&Worker::pid>();
  const auto broadcast = scene.pool.broadcast<&Worker::pid>();
  scene.kill_first();
  EXPECT_EQ(verdict<ActorDied>(meant), Execution::not_started);
  EXPECT_EQ(verdict<ActorDied>(broadcast), Execution::not_started);
}

TEST_P(ActorPoolMoves, AStreamStaysWithItsMember) {
  Scene scene(runtime(), options(2), missing_file());
  auto stream = scene.members[0].stream<&Worker::numbers>(3);
  scene.kill_first();
  scene.gates[1].let_go();
  EXPECT_THROW(stream.next(), ActorDied);
  EXPECT_EQ(scene.pool.call<&Worker::square>(3).get(), 9);
}

TEST_P(ActorPoolMoves, AStreamThatHasBegunEndsWithItsMember) {
  const ActorPool<Worker> pool(runtime(), options(2));
  const auto member = pool.members()[0];
  auto stream = member.with({.window = 1}).stream<&Worker::numbers>(INT_MAX);
  EXPECT_EQ(stream.next(), 0);
  member.kill();
  EXPECT_THROW(while (stream.next()) continue, ActorDied);
}

// Far more than a mailbox holds.
TEST_P(ActorPoolMoves, ALongQueueGoesAlongAndCanBeCancelledThere) {
  ActorPoolOptions endless = options(2);
  endless.spawn.mailbox = {.calls = 8, .when_full = WhenFull::spill};
  Scene scene(runtime(), endless, missing_file());
  std::vector<AsyncResult<int>> waiting;
  for (int i = 0; i < 2000; ++i) waiting.push_back(scene.pool.call<&Worker::count>());
  scene.kill_first();
  for (std::size_t i = 1; i < waiting.size(); i += 2) EXPECT_TRUE(waiting[i].cancel());
  scene.gates[1].let_go();
  std::set<int> counted;
  for (std::size_t i = 0; i < waiting.size(); i += 2) counted.insert(waiting[i].get());
  for (std::size_t i = 1; i < waiting.size(); i += 2) EXPECT_TRUE(waiting[i].cancelled());
  EXPECT_EQ(counted.size(), 1000U);  // each once
  EXPECT_EQ(*counted.rbegin(), 1000);
}

TEST_P(ActorPoolMoves, ACallMayMoveTwice) {
  Scene scene(runtime(), options(2), missing_file());
  const auto moved = scene.call_first();
  scene.members[0].kill();
  scene.members[0].wait();
  scene.members[1].kill();
  const int answer = moved.get();
  EXPECT_NE(answer, scene.members[0].pid());
  EXPECT_NE(answer, scene.members[1].pid());
}

TEST_P(ActorPoolDeaths, WithoutAMemberACallWaitsForTheNext) {
  const ActorPool<Worker> pool(runtime(), options(1));
  for (int i = 0; i < 5; ++i) {
    const auto victim = pool.members().at(0);
    const int dead = victim.pid();
    ::kill(dead, SIGKILL);
    victim.wait();
    EXPECT_NE(pool.call<&Worker::pid>().get(), dead);
    until([&] { return !pool.members().empty(); });
  }
}

// As many as the members' mailboxes hold, and more where these are unbounded.
TEST_P(ActorPoolDeaths, WithoutAMemberAllThatADeadOneLeavesWaitsForTheNext) {
  ActorPoolOptions endless = options(1);
  endless.spawn.mailbox = {.calls = 8, .when_full = WhenFull::spill};
  const ActorPool<Worker> pool(runtime(), endless);
  Gate gate;
  const auto held = pool.call<&Worker::hold>(gate.path());
  gate.wait_reached();
  std::vector<AsyncResult<int>> waiting;
  for (int i = 0; i < 300; ++i) waiting.push_back(pool.call<&Worker::square>(i));
  ::kill(pool.members().at(0).pid(), SIGKILL);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(waiting[static_cast<std::size_t>(i)].get(), i * i);
  EXPECT_EQ(verdict<ActorDied>(held), Execution::maybe);
}

TEST_P(ActorPoolDeaths, WithARestartPolicyCallsWaitForTheNextLife) {
  ActorPoolOptions durable = options(2);
  durable.spawn.restart = {.max = 5, .backoff = {.first = std::chrono::seconds(0)}};
  Scene scene(runtime(), durable, missing_file());
  const int dead = scene.members[0].pid();
  const auto waiting = scene.call_first();
  ::kill(dead, SIGKILL);
  EXPECT_EQ(verdict<ActorDied>(scene.held[0]), Execution::maybe);
  EXPECT_NE(waiting.get(), dead);
  EXPECT_EQ(scene.members[0].incarnation(), 2U);
}

TEST_P(ActorPoolDeaths, WhatAPolicyThatGivesUpLeavesGoesToAnother) {
  ActorPoolOptions durable = options(2);
  durable.spawn.restart = {.max = 0, .on = RestartPolicy::On::crash};
  Scene scene(runtime(), durable, missing_file());
  const int dead = scene.members[0].pid();
  const auto waiting = scene.call_first();
  ::kill(dead, SIGKILL);
  EXPECT_EQ(verdict<ActorDied>(scene.held[0]), Execution::maybe);
  scene.gates[1].let_go();
  EXPECT_NE(waiting.get(), dead);
}

// Kills members at random while threads call: each call has a value, or an error that says why not.
void kill_under_load(const ActorPool<Worker>& pool, int kills) {
  std::atomic<bool> is_over{false};
  std::atomic<int> values{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      while (!is_over) {
        std::vector<AsyncResult<int>> results;
        for (int n = 0; n < 16; ++n)
          results.push_back(n % 4 == 0 ? pool.by_key(n).call<&Worker::square>(n) : pool.call<&Worker::square>(n));
        for (int n = 0; n < 16; ++n) {
          try {
            EXPECT_EQ(results[static_cast<std::size_t>(n)].get(), n * n);
            ++values;
          } catch (const Error&) {  // ActorDied, or no member: a typed error
          }
        }
      }
    });
  }
  std::mt19937 random(static_cast<unsigned>(::getpid()));
  for (int i = 0; i < kills; ++i) {
    const int before = values;
    const auto members = pool.members();
    if (!members.empty()) members[random() % members.size()].kill();
    until([&] { return values > before; });
  }
  is_over = true;
  for (auto& each : callers) each.join();
}

TEST_P(ActorPoolDeaths, U23_KilledUnderLoadEachCallHasAnOutcome) {
  const ActorPool<Worker> pool(runtime(), options(3, Routing::least_loaded));
  kill_under_load(pool, 15);
}

TEST_P(ActorPoolDeaths, KilledUnderLoadWithARestartPolicyEachCallHasAnOutcome) {
  ActorPoolOptions durable = options(3);
  durable.spawn.restart = {.max = 3, .backoff = {.first = milliseconds(1)}};
  const ActorPool<Worker> pool(runtime(), durable);
  kill_under_load(pool, 10);
}

TEST_P(ActorPoolDeaths, MayEndWhileItsMembersDie) {
  AsyncResult<int> last;
  {
    const ActorPool<Worker> pool(runtime(), options(3));
    for (const auto& each : pool.members()) each.kill();
    last = pool.call<&Worker::square>(3);
  }
  EXPECT_TRUE(last.wait(hours(1)));
}

}  // namespace
}  // namespace troupe::test
