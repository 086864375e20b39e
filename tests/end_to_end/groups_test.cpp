// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/testing.hpp>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors.hpp"
#include "gate.hpp"

namespace troupe::test {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Notes numbers, and ends on demand.
class Member {
 public:
  int note(int number) {
    seen_.push_back(number);
    return number;
  }
  std::vector<int> seen() const { return seen_; }
  int pid() const { return ::getpid(); }
  void hold(const std::string& gate) { wait_at(gate); }
  void hold_once(const std::string& mark, const std::string& gate) {
    if (std::filesystem::exists(mark)) return;
    std::ofstream(mark) << "it was here";
    wait_at(gate);
  }
  void crash() {
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  }
  void leave(int code) { std::exit(code); }

 private:
  std::vector<int> seen_;
};

// One of its starts waits at a gate: the first, or the second.
class Waiting : public Member {
 public:
  Waiting(const std::string& path, const std::string& gate, bool waits_at_first) {
    const bool is_first = !std::filesystem::exists(path);
    std::ofstream(path) << "it was started";
    if (is_first == waits_at_first) wait_at(gate);
  }
};

// What happens, in order: "down 1 (again)", "life 2 of 1", "gave up 1", "group gave up 3".
class Story {
 public:
  void add(const RuntimeEvent& event) {
    const std::lock_guard lock(mutex_);
    if (const auto* down = std::get_if<Down>(&event))
      events_.push_back("down " + std::to_string(down->actor.value) + (down->will_restart ? " (again)" : ""));
    if (const auto* life = std::get_if<Restarted>(&event))
      events_.push_back("life " + std::to_string(life->incarnation) + " of " + std::to_string(life->actor.value));
    if (const auto* actor = std::get_if<GaveUp>(&event)) events_.push_back("gave up " + std::to_string(actor->actor.value));
    if (const auto* group = std::get_if<GroupGaveUp>(&event)) {
      events_.push_back("group gave up " + std::to_string(group->group.value));
      causes_.push_back(group->first_cause);
    }
    changed_.notify_all();
  }
  // All so far. Blocks: until there are so many.
  std::vector<std::string> so_far(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return events_.size() >= count; });
    return events_;
  }
  // Why groups gave up, so far.
  std::vector<DeathCause> causes() {
    const std::lock_guard lock(mutex_);
    return causes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
  std::vector<DeathCause> causes_;
};

class Groups : public testing::RuntimeTest {
 protected:
  void SetUp() override {
    testing::RuntimeTest::SetUp();
    runtime().on_event([story = story_](const RuntimeEvent& event) { story->add(event); });
  }
  Group group(Strategy strategy, unsigned max = 3) { return runtime().supervise({strategy, {max, hours(1)}}); }
  // The first so many events, without the very first ones.
  std::vector<std::string> story(std::size_t events, std::size_t without = 0) {
    const auto all = story_->so_far(events);
    return {all.begin() + static_cast<std::ptrdiff_t>(without), all.end()};
  }
  std::vector<DeathCause> causes() { return story_->causes(); }
  std::string missing_file() const { return (folder_.path() / "missing").string(); }

  static std::string down(const Proxy<Member>& member) { return "down " + std::to_string(member.id().value); }
  static std::string again(const Proxy<Member>& member) { return down(member) + " (again)"; }
  static std::string life(unsigned number, const Proxy<Member>& member) {
    return "life " + std::to_string(number) + " of " + std::to_string(member.id().value);
  }
  static std::string gave_up(const Proxy<Member>& member) { return "gave up " + std::to_string(member.id().value); }
  static std::string gave_up(const Group& group) { return "group gave up " + std::to_string(group.id().value); }
  static void crash(const Proxy<Member>& member) { EXPECT_TRUE(has_failed_with<ActorDied>(member.call<&Member::crash>())); }

 private:
  const std::shared_ptr<Story> story_ = std::make_shared<Story>();
  const TemporaryFolder folder_;
};

TEST_F(Groups, OneForOneLeavesSiblingsAlone) {
  auto group = this->group(Strategy::one_for_one);
  auto failing = group.spawn<Member>();
  auto sibling = group.spawn<Member>();
  sibling.call<&Member::note>(1).get();
  crash(failing);
  EXPECT_EQ(failing.call<&Member::note>(2).get(), 2);
  EXPECT_EQ(failing.incarnation(), 2u);
  EXPECT_THAT(sibling.call<&Member::seen>().get(), ElementsAre(1));
  EXPECT_EQ(sibling.incarnation(), 1u);
}

TEST_F(Groups, GiveUpOnAChildThatCannotBeStartedAgain) {
  const TemporaryFolder folder;
  const auto place = folder.path() / "place";
  std::filesystem::create_directory(place);
  auto group = this->group(Strategy::one_for_one);
  auto member = group.spawn<Member>({.start = StartMethod::spawn, .working_directory = place.string()});
  std::filesystem::remove(place);
  crash(member);
  EXPECT_TRUE(has_failed_with<ActorDied>(member.call<&Member::note>(1)));
  EXPECT_THAT(story(6), ElementsAre(again(member), again(member), again(member), down(member), gave_up(member), gave_up(group)));
}

// Who had to end for another is not suspected.
TEST_F(Groups, ACallThatRanWhenItsActorHadToEndForAnotherIsNoPoison) {
  auto group = this->group(Strategy::one_for_all);
  auto busy = group.spawn<Member>({.restart = {.poison_after = 1}});
  auto failing = group.spawn<Member>();
  Gate gate;
  auto result = busy.with({.idempotent = true}).call<&Member::hold_once>(missing_file(), gate.path());
  gate.wait_reached();
  crash(failing);
  result.get();  // after the grace that its first life has
  EXPECT_EQ(busy.incarnation(), 2u);
}

TEST_F(Groups, RefuseWhatTheyDecideThemselves) {
  auto group = this->group(Strategy::one_for_one);
  const auto refusal = [&](const RestartPolicy& policy) {
    try {
      group.spawn<Member>({.restart = policy});
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal({.max = 1}), HasSubstr("restart.max"));
  EXPECT_THAT(refusal({.within = hours(1)}), HasSubstr("restart.within"));
  EXPECT_THAT(refusal({.backoff = {.first = hours(1), .most = hours(1)}}), HasSubstr("restart.backoff"));
}

TEST_F(Groups, OneForAllEndsAllFromTheYoungestOnAndStartsThemInOrder) {
  auto group = this->group(Strategy::one_for_all);
  auto first = group.spawn<Member>();
  auto second = group.spawn<Member>();
  auto third = group.spawn<Member>();
  crash(second);
  EXPECT_THAT(story(6), ElementsAre(again(second), again(third), again(first), life(2, first), life(2, second), life(2, third)));
  for (const auto& each : {first, second, third}) {
    EXPECT_EQ(each.call<&Member::note>(1).get(), 1);
    EXPECT_EQ(each.incarnation(), 2u);
  }
}

TEST_F(Groups, RestForOneRestartsTheYoungerOnesOnly) {
  auto group = this->group(Strategy::rest_for_one);
  auto first = group.spawn<Member>();
  auto second = group.spawn<Member>();
  auto third = group.spawn<Member>();
  const int pid = first.call<&Member::pid>().get();
  crash(second);
  EXPECT_THAT(story(4), ElementsAre(again(second), again(third), life(2, second), life(2, third)));
  EXPECT_EQ(first.call<&Member::pid>().get(), pid);
  EXPECT_EQ(third.call<&Member::note>(1).get(), 1);
}

TEST_F(Groups, KeepsCallsForTheNextLivesOfAll) {
  Gate gate;
  auto group = this->group(Strategy::one_for_all);
  auto waiting = group.spawn<Waiting>(missing_file(), gate.path(), false);
  auto member = group.spawn<Member>();
  crash(member);
  gate.wait_reached();  // now the one is coming up, and the other waits for its turn
  std::vector<AsyncResult<int>> results;
  for (int number = 0; number < 100; ++number) {
    results.push_back(member.call<&Member::note>(number));
    results.push_back(waiting.call<&Member::note>(number));
  }
  EXPECT_FALSE(results[0].ready());
  gate.let_go();
  for (const auto& each : results) each.get();
  const auto seen = member.call<&Member::seen>().get();
  EXPECT_THAT(seen, SizeIs(100));
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(waiting.call<&Member::seen>().get(), seen);
  EXPECT_EQ(waiting.incarnation(), 2u);
}

TEST_F(Groups, GivesUpWithAllThatIsInItAndNamesTheFirstDeath) {
  auto group = this->group(Strategy::one_for_all, 1);
  auto member = group.spawn<Member>();
  auto failing = group.spawn<Member>();
  EXPECT_TRUE(has_failed_with<ActorDied>(failing.call<&Member::leave>(7)));
  story(4);  // both are up again
  crash(failing);
  EXPECT_THAT(story(9, 4), ElementsAre(down(failing), gave_up(failing), down(member), gave_up(member), gave_up(group)));
  ASSERT_THAT(causes(), SizeIs(1));
  EXPECT_EQ(causes()[0].exit_code, 7);
  for (const auto& each : {member, failing}) {
    EXPECT_FALSE(each.is_alive());
    try {
      each.call<&Member::note>(1).get();
      FAIL() << "it did not fail";
    } catch (const ActorDied& error) {
      EXPECT_EQ(error.execution(), Execution::not_started);
      EXPECT_EQ(error.cause().exit_code, 7);
      EXPECT_THAT(error.what(), HasSubstr("its group has given up"));
      EXPECT_THAT(error.what(), HasSubstr("the first of those, of actor " + std::to_string(failing.id().value) + " ("));
    }
  }
  EXPECT_THROW(group.spawn<Member>(), StartError);
}

TEST_F(Groups, OneThatGivesUpIsAFailureOfTheGroupAbove) {
  auto outer = group(Strategy::one_for_all, 1);
  auto member = outer.spawn<Member>();
  auto inner = outer.supervise({.intensity = {.max = 0}});
  auto failing = inner.spawn<Member>();
  crash(failing);
  EXPECT_THAT(story(5), ElementsAre(again(failing), gave_up(inner), again(member), life(2, member), life(2, failing)));
  EXPECT_EQ(failing.call<&Member::note>(1).get(), 1);
  crash(failing);
  EXPECT_THAT(story(12, 5), ElementsAre(again(failing), gave_up(inner), down(failing), gave_up(failing), down(member),
                                        gave_up(member), gave_up(outer)));
  EXPECT_EQ(causes().back().signal, SIGABRT);
  EXPECT_EQ(causes().back().incarnation, 1u);
}

TEST_F(Groups, AreStoppedFromTheYoungestOn) {
  auto outer = group(Strategy::one_for_one);
  auto first = outer.spawn<Member>();
  auto inner = outer.supervise();
  auto second = inner.spawn<Member>();
  auto third = inner.spawn<Member>();
  auto fourth = outer.spawn<Member>();
  EXPECT_THAT(outer.stop().killed, IsEmpty());
  EXPECT_THAT(story(4), ElementsAre(down(fourth), down(third), down(second), down(first)));
  EXPECT_FALSE(first.is_alive());
  EXPECT_EQ(first.wait()->exit_code, 0);
  EXPECT_THAT(inner.stop().killed, IsEmpty());  // it is over already
}

TEST_F(Groups, KillWhatDoesNotStopInTime) {
  Gate gate;
  auto group = this->group(Strategy::one_for_one);
  auto member = group.spawn<Member>({.name = "stuck"});
  const auto held = member.call<&Member::hold>(gate.path());
  gate.wait_reached();
  const auto report = group.stop(std::chrono::milliseconds(10));
  ASSERT_THAT(report.killed, SizeIs(1));
  EXPECT_EQ(report.killed[0].name, "stuck");
  EXPECT_EQ(report.killed[0].last_death->kind, DeathKind::killed_by_us);
  EXPECT_TRUE(has_failed_with<ActorDied>(held));
}

TEST_F(Groups, AreStoppedInTheMiddleOfARestart) {
  Gate gate;
  auto group = this->group(Strategy::one_for_all);
  auto waiting = group.spawn<Waiting>(missing_file(), gate.path(), false);
  auto member = group.spawn<Member>();
  crash(member);
  gate.wait_reached();
  const auto behind = member.call<&Member::note>(1);
  group.stop(hours(1));
  EXPECT_EQ(verdict<ActorDied>(behind), Execution::not_started);
  EXPECT_FALSE(waiting.is_alive());
  EXPECT_THAT(runtime().actors(), IsEmpty());
}

TEST_F(Groups, AreNotWaitedForByShutdown) {
  Gate gate;
  auto group = this->group(Strategy::one_for_all);
  group.spawn<Waiting>(missing_file(), gate.path(), false);
  auto member = group.spawn<Member>();
  crash(member);
  gate.wait_reached();
  const auto behind = member.call<&Member::note>(1);
  runtime().shutdown(hours(1));
  EXPECT_EQ(verdict<ActorDied>(behind), Execution::not_started);
  EXPECT_THROW(group.spawn<Member>(), RuntimeStopped);
  EXPECT_THROW(runtime().supervise(), RuntimeStopped);
  EXPECT_THAT(group.stop().killed, IsEmpty());
}

TEST_F(Groups, HoldTheirActors) {
  auto group = this->group(Strategy::one_for_one);
  group.spawn<Member>({.name = "worker"}).call<&Member::note>(1).get();
  ASSERT_THAT(runtime().actors(), SizeIs(1));  // the manager has heard that no proxy is left
  EXPECT_THAT(runtime().lookup<Member>("worker").call<&Member::seen>().get(), ElementsAre(1));
}

TEST_F(Groups, AreLeftByWhoIsStoppedOrKilledOrHasDoneItsWork) {
  auto group = this->group(Strategy::one_for_all, 0);
  auto member = group.spawn<Member>();
  auto stopped = group.spawn<Member>();
  auto killed = group.spawn<Member>();
  auto done = group.spawn<Member>();
  stopped.stop(hours(1));
  stopped.wait();
  killed.kill();
  killed.wait();
  EXPECT_TRUE(has_failed_with<ActorDied>(done.call<&Member::leave>(0)));
  done.wait();
  EXPECT_EQ(member.call<&Member::note>(1).get(), 1);
  EXPECT_THAT(story(3), ElementsAre(down(stopped), down(killed), down(done)));
  EXPECT_THAT(runtime().actors(), SizeIs(1));
}

TEST_F(Groups, FollowACleanExitWhereThatIsWanted) {
  auto group = this->group(Strategy::one_for_one);
  auto member = group.spawn<Member>({.restart = {.on = RestartPolicy::On::any_exit}});
  EXPECT_TRUE(has_failed_with<ActorDied>(member.call<&Member::leave>(0)));
  EXPECT_EQ(member.call<&Member::note>(1).get(), 1);
  EXPECT_EQ(member.incarnation(), 2u);
}

TEST_F(Groups, LetANewActorWaitForItsTurn) {
  Gate gate;
  auto group = this->group(Strategy::one_for_all);
  group.spawn<Waiting>(missing_file(), gate.path(), false);
  auto member = group.spawn<Member>();
  crash(member);
  gate.wait_reached();
  auto late = group.spawn_async<Member>();
  runtime().actors();  // the manager has read that
  EXPECT_FALSE(late.ready());
  gate.let_go();
  EXPECT_EQ(late.get().call<&Member::note>(1).get(), 1);
}

TEST_F(Groups, StartANewActorAfreshWhenASiblingFailsMeanwhile) {
  Gate gate;
  auto group = this->group(Strategy::one_for_all);
  auto failing = group.spawn<Member>();
  auto late = group.spawn_async<Waiting>(missing_file(), gate.path(), true);
  gate.wait_reached();  // its constructor will not end, in this start
  crash(failing);
  const auto proxy = late.get();
  EXPECT_EQ(proxy.incarnation(), 1u);
  EXPECT_EQ(proxy.call<&Member::note>(1).get(), 1);
}

TEST_F(Groups, DoNotMindAConstructorThatThrowsTheFirstTime) {
  auto group = this->group(Strategy::one_for_all, 0);
  auto member = group.spawn<Member>();
  EXPECT_THROW(group.spawn<Thrower>("no"), std::invalid_argument);
  EXPECT_EQ(member.call<&Member::note>(1).get(), 1);
  EXPECT_EQ(group.spawn<Counter>(1).call<&Counter::add>(1).get(), 2);
}

// Cannot be constructed twice.
class Once : public Member {
 public:
  explicit Once(const std::string& path) {
    if (std::filesystem::exists(path)) throw std::runtime_error("there was one before");
    std::ofstream(path) << "it lives";
  }
};

TEST_F(Groups, CountALaterStartThatFails) {
  auto group = this->group(Strategy::one_for_one, 2);
  auto once = group.spawn<Once>(missing_file());
  EXPECT_TRUE(has_failed_with<ActorDied>(once.call<&Member::crash>()));
  EXPECT_THAT(story(5), SizeIs(5));  // three deaths, the last one for good
  EXPECT_EQ(causes().at(0).signal, SIGABRT);
  EXPECT_EQ(verdict<ActorDied>(once.call<&Member::note>(1)), Execution::not_started);
}

TEST_F(Groups, WhatNobodyCanFollowIsRefused) {
  const auto refusal = [&](const auto& make) -> std::string {
    try {
      make();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(refusal([&] {
                runtime().supervise({.intensity = {3, std::chrono::seconds(-1)}});
              }),
              HasSubstr("GroupOptions::intensity.within"));
  EXPECT_THAT(refusal([&] { runtime().supervise({.strategy = static_cast<Strategy>(7)}); }), HasSubstr("GroupOptions::strategy"));
  auto over = runtime().supervise();
  over.stop();
  EXPECT_THAT(refusal([&] { over.supervise(); }), HasSubstr("has been stopped"));
  EXPECT_THROW(over.spawn<Member>(), StartError);
  EXPECT_THAT(refusal([&] { runtime().supervise().spawn<Member>({.lifetime = Lifetime::detached}); }), HasSubstr("lifetime"));
  EXPECT_THROW(Group().spawn<Member>(), std::logic_error);
  EXPECT_THROW(Group().supervise(), std::logic_error);
  EXPECT_THROW(Group().stop(), std::logic_error);
}

}  // namespace
}  // namespace troupe::test
