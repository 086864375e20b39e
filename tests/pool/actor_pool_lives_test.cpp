// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <set>

#include "workers.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

class ActorPoolLives : public PoolFixture {};
TROUPE_FOR_BOTH_START_METHODS(ActorPoolLives);

TEST_P(ActorPoolLives, GrowsBehindThoseThatAreThere) {
  ActorPool<Worker> pool(runtime(), options(2));
  const auto before = pids(pool);
  pool.resize(4);
  EXPECT_EQ(pool.size(), 4U);
  const auto after = pids(pool);
  ASSERT_THAT(after, SizeIs(4));
  EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
  std::set<int> seen;
  for (int i = 0; i < 4; ++i) seen.insert(pool.call<&Worker::pid>().get());
  EXPECT_EQ(seen, std::set<int>(after.begin(), after.end()));
}

TEST_P(ActorPoolLives, GrowsWhollyOrNotAtAll) {
  ActorPool<Worker> pool(runtime(), options(2), missing_file());
  std::ofstream(missing_file()) << "no more";
  EXPECT_THROW(pool.resize(4), std::domain_error);
  EXPECT_EQ(pool.size(), 2U);
  EXPECT_THAT(runtime().actors(), SizeIs(2));
  EXPECT_EQ(pool.call<&Worker::square>(2).get(), 4);
}

TEST_P(ActorPoolLives, ShrinksByTheYoungestWhichFinishWhatTheyHave) {
  ActorPool<Worker> pool(runtime(), options(1));
  pool.resize(2);
  const auto before = pool.members();
  Gate gate;
  const auto held = before[1].call<&Worker::hold>(gate.path());
  const auto behind = before[1].call<&Worker::pid>();
  gate.wait_reached();
  pool.resize(1);
  EXPECT_EQ(pool.size(), 1U);
  EXPECT_THAT(pool.members(), ElementsAre(before[0]));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pool.call<&Worker::pid>().get(), before[0].pid());
  const int leaving = before[1].pid();
  gate.let_go();
  EXPECT_NO_THROW(held.get());
  EXPECT_EQ(behind.get(), leaving);
  EXPECT_EQ(before[1].wait(), ExitStatus());
}

TEST_P(ActorPoolLives, GrowsWhileThoseThatLeaveStillHaveTheirNames) {
  ActorPoolOptions named = options(2);
  named.spawn.name = "worker";
  ActorPool<Worker> pool(runtime(), named);
  Gate gate;
  const auto held = pool.members()[1].call<&Worker::hold>(gate.path());
  gate.wait_reached();
  pool.resize(1);
  pool.resize(2);
  EXPECT_THAT(pool.members(), SizeIs(2));
  EXPECT_EQ(pool.members()[1].name(), "worker-2");
  gate.let_go();
  held.get();
}

TEST_P(ActorPoolLives, RefusesASizeBelowOneByName) {
  ActorPool<Worker> pool(runtime(), options(1));
  EXPECT_THAT([&] { pool.resize(0); }, ThrowsMessage<std::invalid_argument>(HasSubstr("size is 0")));
}

TEST_P(ActorPoolLives, WhoReplacesADeadMemberHasItsPlaceAndName) {
  ActorPoolOptions named = options(3);
  named.spawn.name = "worker";
  const ActorPool<Worker> pool(runtime(), named);
  const auto victim = pool.members()[1];
  victim.kill();
  until([&] { return has_replaced(pool, victim); });
  EXPECT_EQ(pool.members()[1].name(), "worker-1");
  EXPECT_EQ(pool.members()[1].call<&Worker::square>(3).get(), 9);
}

TEST_P(ActorPoolLives, WithARestartPolicyAMemberLivesOnInItsPlace) {
  ActorPoolOptions durable = options(2);
  durable.spawn.restart = {.max = 5, .backoff = {.first = std::chrono::seconds(0)}};
  const ActorPool<Worker> pool(runtime(), durable);
  const auto members = pool.members();
  const int before = members[0].pid();
  ::kill(before, SIGKILL);
  until([&] { return members[0].incarnation() == 2; });
  EXPECT_EQ(pool.members(), members);
  EXPECT_NE(pids(pool)[0], before);
  EXPECT_THAT(runtime().actors(), SizeIs(2));
}

// The first event of each kind that pools tell. Others may come as long as there is a runtime.
class PoolEvents {
 public:
  explicit PoolEvents(Runtime& runtime) {
    runtime.on_event([told = told_](const RuntimeEvent& event) {
      if (const auto* is_short = std::get_if<PoolShort>(&event)) set_first(told->is_short, *is_short);
      if (const auto* complete = std::get_if<PoolComplete>(&event)) set_first(told->complete, *complete);
    });
  }
  PoolShort wait_short() const { return told_->is_short.result().get(); }
  PoolComplete wait_complete() const { return told_->complete.result().get(); }

 private:
  struct Told {
    Promise<PoolShort> is_short;
    Promise<PoolComplete> complete;
  };

  template <class Event>
  static void set_first(Promise<Event>& promise, const Event& event) {
    if (!promise.result().ready()) promise.set_value(event);
  }

  const std::shared_ptr<Told> told_ = std::make_shared<Told>();
};

TEST_P(ActorPoolLives, TellsThatMembersCannotBeReplacedAndThatTheyAreAgain) {
  const PoolEvents events(runtime());
  ActorPoolOptions impatient = options(2);
  impatient.spawn.name = "worker";
  impatient.short_after = std::chrono::milliseconds(30);
  const ActorPool<Worker> pool(runtime(), impatient, missing_file());
  std::ofstream(missing_file()) << "no more";
  pool.members()[0].kill();
  const PoolShort is_short = events.wait_short();
  EXPECT_EQ(is_short.name, "worker");
  EXPECT_THAT(is_short.type, HasSubstr("Worker"));
  EXPECT_EQ(is_short.size, 2U);
  EXPECT_EQ(is_short.members, 1U);
  EXPECT_EQ(pool.call<&Worker::square>(3).get(), 9);
  std::filesystem::remove(missing_file());
  EXPECT_EQ(events.wait_complete().size, 2U);
}

TEST_P(ActorPoolLives, WithoutAnyMemberCallsFailAndSayWhyUntilThereIsOne) {
  const ActorPool<Worker> pool(runtime(), options(1), missing_file());
  std::ofstream(missing_file()) << "no more";
  pool.members()[0].kill();
  const auto fails = [&] { return has_failed_with<Error>(pool.call<&Worker::pid>()); };
  until(fails);
  std::string text;
  until([&] {
    try {
      pool.call<&Worker::pid>().get();
    } catch (const ActorDied&) {
    } catch (const BrokenExecutorError& error) {
      text = error.what();
    }
    return !text.empty();
  });
  EXPECT_THAT(text, HasSubstr("there is a file"));
  EXPECT_THROW(pool.broadcast<&Worker::pid>().get(), Error);
  EXPECT_THROW(pool.tell<&Worker::count>(), Error);
  std::filesystem::remove(missing_file());
  until([&] { return !fails(); });
}

TEST_P(ActorPoolLives, MayBeResizedWhileItIsCalled) {
  ActorPool<Worker> pool(runtime(), options(2));
  std::atomic<bool> is_over{false};
  std::vector<std::thread> callers;
  std::atomic<int> answered{0};
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      while (!is_over) {
        std::vector<AsyncResult<int>> results;
        for (int n = 0; n < 10; ++n) results.push_back(pool.call<&Worker::square>(n));
        answered += static_cast<int>(gather(results).get().size());
      }
    });
  }
  for (const int size : {4, 1, 3, 2, 5, 1, 2}) pool.resize(size);
  until([&] { return answered >= 100; });
  is_over = true;
  for (auto& each : callers) each.join();
}

}  // namespace
}  // namespace troupe::test
