// SPDX-License-Identifier: BSL-1.0
#include <map>
#include <set>

#include "workers.hpp"

namespace troupe::test {
namespace {

using std::chrono::hours;

class ActorPoolRoutes : public PoolFixture {};
TROUPE_FOR_BOTH_START_METHODS(ActorPoolRoutes);

TEST_P(ActorPoolRoutes, LeastLoadedGoesAroundWhoIsBusy) {
  const ActorPool<Worker> pool(runtime(), options(3, Routing::least_loaded));
  Gate gate;
  const auto held = pool.call<&Worker::hold>(gate.path());
  gate.wait_reached();
  const int busy = pids(pool)[0];
  for (int i = 0; i < 20; ++i) EXPECT_NE(pool.call<&Worker::pid>().get(), busy);
  gate.let_go();
  held.get();
}

TEST_P(ActorPoolRoutes, RandomReachesAll) {
  const ActorPool<Worker> pool(runtime(), options(3, Routing::random));
  std::set<int> seen;
  until([&] { return seen.insert(pool.call<&Worker::pid>().get()), seen.size() == 3; });
}

TEST_P(ActorPoolRoutes, AKeyStaysWithItsMemberUnderAnyRouting) {
  for (const Routing routing : {Routing::round_robin, Routing::least_loaded, Routing::random, Routing::consistent_hash}) {
    const ActorPool<Worker> pool(runtime(), options(3, routing));
    std::set<int> seen;
    for (int key = 0; key < 30; ++key) {
      const int first = pool.by_key(key).call<&Worker::pid>().get();
      for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.by_key(key).call<&Worker::pid>().get(), first);
      seen.insert(first);
    }
    EXPECT_EQ(seen.size(), 3U);
  }
}

TEST_P(ActorPoolRoutes, AKeyAndOptionsGoTogether) {
  const ActorPool<Worker> pool(runtime(), options(3, Routing::consistent_hash));
  const int own = pool.by_key("Anna").call<&Worker::pid>().get();
  EXPECT_EQ(pool.with({.deadline = hours(1)}).by_key(std::string("Anna")).call<&Worker::pid>().get(), own);
  EXPECT_EQ(pool.by_key("Anna").with({.deadline = hours(1)}).call<&Worker::pid>().get(), own);
}

// The pids that the keys go to.
template <class Pool>
std::map<int, int> owners(const Pool& pool) {
  std::map<int, int> owners;
  for (int key = 0; key < 60; ++key) owners[key] = pool.by_key(key).template call<&Worker::pid>().get();
  return owners;
}

TEST_P(ActorPoolRoutes, OnlyKeysOfADeadMemberGoElsewhereAndToWhoReplacesIt) {
  const ActorPool<Worker> pool(runtime(), options(4, Routing::consistent_hash));
  const auto before = owners(pool);
  const auto victim = pool.members()[2];
  const int dead = victim.pid();
  victim.kill();
  until([&] { return has_replaced(pool, victim); });
  const int next = pids(pool)[2];
  const auto after = owners(pool);
  for (const auto& [key, owner] : before) EXPECT_EQ(after.at(key), owner == dead ? next : owner);
}

TEST_P(ActorPoolRoutes, AMemberThatAnswersNobodyInTimeGetsNoCalls) {
  ActorPoolOptions careful = options(2);
  careful.breaker = {.failures = 2, .open_for = hours(1)};
  const ActorPool<Worker> pool(runtime(), careful);
  const auto route = pool.with({.deadline = std::chrono::seconds(1)});
  Gate gate;
  const auto held = pool.members()[0].call<&Worker::hold>(gate.path());
  gate.wait_reached();
  int failures = 0;
  while (failures < 2) failures += has_failed_with<TimeoutError>(route.call<&Worker::pid>()) ? 1 : 0;
  const int healthy = pids(pool)[1];
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pool.call<&Worker::pid>().get(), healthy);
  gate.let_go();
  held.get();
}

TEST_P(ActorPoolRoutes, AMemberThatAnswersAgainGetsCallsAgain) {
  ActorPoolOptions careful = options(2);
  careful.breaker = {.failures = 1, .open_for = hours(1)};
  const ActorPool<Worker> pool(runtime(), careful);
  Gate gate;
  const auto member = pool.members()[0];
  const auto held = member.call<&Worker::hold>(gate.path());
  gate.wait_reached();
  const auto route = pool.with({.deadline = std::chrono::milliseconds(20)});
  until([&] { return has_failed_with<TimeoutError>(route.call<&Worker::pid>()); });
  gate.let_go();
  held.get();
  member.call<&Worker::pid>().get();  // an answer in time
  until([&] { return pool.call<&Worker::pid>().get() == member.pid(); });
}

TEST_P(ActorPoolRoutes, ExceptionsOfMethodsSayNothingOfTheMember) {
  ActorPoolOptions careful = options(2);
  careful.breaker = {.failures = 1, .open_for = hours(1)};
  const ActorPool<Worker> pool(runtime(), careful);
  for (int i = 0; i < 6; ++i) EXPECT_THROW(pool.call<&Worker::fail>(i).get(), std::out_of_range);
  std::set<int> seen;
  for (int i = 0; i < 2; ++i) seen.insert(pool.call<&Worker::pid>().get());
  EXPECT_EQ(seen.size(), 2U);
}

TEST_P(ActorPoolRoutes, TheOnlyMemberIsCalledHoweverBadItIs) {
  ActorPoolOptions careful = options(1);
  careful.breaker = {.failures = 1, .open_for = hours(1)};
  const ActorPool<Worker> pool(runtime(), careful);
  Gate gate;
  const auto held = pool.call<&Worker::hold>(gate.path());
  gate.wait_reached();
  const auto route = pool.with({.deadline = std::chrono::milliseconds(5)});
  EXPECT_THROW(route.call<&Worker::pid>().get(), TimeoutError);
  const auto behind = pool.call<&Worker::square>(3);
  gate.let_go();
  EXPECT_EQ(behind.get(), 9);
}

}  // namespace
}  // namespace troupe::test
