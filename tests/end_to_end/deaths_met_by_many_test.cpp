// SPDX-License-Identifier: BSL-1.0
// The death of a host as its many clients meet it, and the deaths of the other roles.
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <future>
#include <memory>
#include <thread>

#include "gate.hpp"
#include "processes.hpp"

namespace troupe::test {
namespace {

// A client of another actor.
class Witness {
 public:
  // How a call that never comes back ended.
  std::string call(const Proxy<Recorder>& victim, const std::string& gate) {
    try {
      victim.call<&Recorder::hold>(gate).get();
    } catch (const ActorDied& error) {
      return error.execution() == Execution::maybe ? "had started" : "had not started";
    }
    return "came back";
  }
  void watch(const Proxy<Recorder>& victim) {
    victim.on_down([down = down_](const Down& event) { down->set_value(event.cause.kind); });
  }
  DeathKind saw() { return down_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<DeathKind>> down_ = std::make_shared<std::promise<DeathKind>>();
};

class DeathMetByMany : public testing::RuntimeTest {
 protected:
  std::uint64_t depth_of(const Proxy<Recorder>& actor) {
    for (const auto& each : runtime().actors()) {
      if (each.id == actor.id()) return each.mailbox_depth;
    }
    throw std::logic_error("the actor is not listed");
  }
};

TEST_F(DeathMetByMany, FailsTheCallsOfEachClientWithTheirOwnVerdict) {
  Gate gate;
  auto victim = runtime().spawn<Recorder>();
  auto own = victim.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  const auto depth = depth_of(victim);
  auto first = runtime().spawn<Witness>();
  auto second = runtime().spawn<Witness>();
  auto from_first = first.call<&Witness::call>(victim, gate.path());
  auto from_second = second.call<&Witness::call>(victim, gate.path());
  while (depth_of(victim) != depth + 2) std::this_thread::yield();

  victim.kill();

  EXPECT_EQ(from_first.get(), "had not started");
  EXPECT_EQ(from_second.get(), "had not started");
  EXPECT_EQ(verdict<ActorDied>(own), Execution::maybe);
  gate.let_go();
}

TEST_F(DeathMetByMany, FailsTheCallThatAnotherClientHasRunning) {
  Gate gate;
  auto victim = runtime().spawn<Recorder>();
  auto witness = runtime().spawn<Witness>();
  auto told = witness.call<&Witness::call>(victim, gate.path());
  gate.wait_reached();
  auto own = victim.call<&Recorder::note>(1);

  victim.kill();

  EXPECT_EQ(told.get(), "had started");
  EXPECT_EQ(verdict<ActorDied>(own), Execution::not_started);
  gate.let_go();
}

TEST_F(DeathMetByMany, FailsTheCallsOfEachThread) {
  Gate gate;
  auto victim = runtime().spawn<Recorder>();
  auto running = victim.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] { EXPECT_EQ(verdict<ActorDied>(victim.call<&Recorder::note>(1)), Execution::not_started); });
  }
  victim.kill();
  threads.clear();
  EXPECT_EQ(verdict<ActorDied>(running), Execution::maybe);
  gate.let_go();
}

TEST_F(DeathMetByMany, IsToldToAnActorThatAsked) {
  auto victim = runtime().spawn<Recorder>();
  auto early = runtime().spawn<Witness>();
  auto late = runtime().spawn<Witness>();
  early.call<&Witness::watch>(victim).get();
  victim.kill();
  victim.wait();
  late.call<&Witness::watch>(victim).get();
  EXPECT_EQ(early.call<&Witness::saw>().get(), DeathKind::killed_by_us);
  EXPECT_EQ(late.call<&Witness::saw>().get(), DeathKind::killed_by_us);
}

TEST_F(DeathMetByMany, DoesNotTakeTheRepliesAlongThatWereWrittenBefore) {
  auto actor = runtime().spawn<Recorder>();
  std::vector<AsyncResult<int>> written;
  for (int i = 0; i < 100; ++i) written.push_back(actor.call<&Recorder::note>(i));
  auto last = actor.call<&Recorder::seen>();
  auto deadly = actor.run([](Recorder&) { ::_exit(7); });

  EXPECT_EQ(actor.wait()->exit_code, 7);

  for (int i = 0; i < 100; ++i) EXPECT_EQ(written[static_cast<std::size_t>(i)].get(), i);
  EXPECT_EQ(last.get().size(), 100u);
  EXPECT_EQ(verdict<ActorDied>(deadly), Execution::maybe);
}

class ManagersDeath : public testing::RuntimeTest {};

TEST_F(ManagersDeath, FailsCallsSpawnsAndWaitsInFlight) {
  Gate running_gate, starting_gate;
  auto actor = runtime().spawn<Recorder>();
  auto running = actor.call<&Recorder::hold>(running_gate.path());
  auto queued = actor.call<&Recorder::note>(1);
  running_gate.wait_reached();
  auto starting = runtime().spawn_async<Recorder>(starting_gate.path());
  starting_gate.wait_reached();
  std::promise<void> down;
  runtime().on_event([&](const RuntimeEvent& event) {
    if (std::holds_alternative<ManagerDown>(event)) down.set_value();
  });
  std::promise<Down> actor_down;
  actor.on_down([&](const Down& event) { actor_down.set_value(event); });
  auto waiting = std::async(std::launch::async, [&] { return actor.wait(); });

  OtherProcess::own_manager().kill();

  EXPECT_EQ(verdict<ManagerDied>(running), Execution::maybe);
  EXPECT_EQ(verdict<ManagerDied>(queued), Execution::not_started);
  EXPECT_TRUE(has_failed_with<ManagerDied>(starting));
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(actor_down.get_future().get().cause.kind, DeathKind::parent_gone);
  down.get_future().get();
}

TEST_F(ManagersDeath, EndsItsHosts) {
  auto actor = runtime().spawn<Recorder>();
  auto executed = runtime().spawn<Recorder>({.start = StartMethod::spawn});
  const OtherProcess host(actor.pid()), executed_host(executed.pid());
  OtherProcess::own_manager().kill();
  host.wait_ended();
  executed_host.wait_ended();
}

TEST_F(ManagersDeath, FailsWhateverComesLater) {
  auto actor = runtime().spawn<Recorder>();
  OtherProcess::own_manager().kill();
  actor.wait();

  EXPECT_TRUE(has_failed_with<ManagerDied>(actor.call<&Recorder::note>(1)));
  EXPECT_THROW(actor.tell<&Recorder::note>(1), ManagerDied);
  EXPECT_THROW(runtime().spawn<Recorder>(), ManagerDied);
  EXPECT_THROW(runtime().find<Recorder>("name"), ManagerDied);
  EXPECT_THROW(runtime().actors(), ManagerDied);
  EXPECT_FALSE(actor.is_alive());
  actor.kill();
  actor.stop();
  EXPECT_TRUE(runtime().shutdown().killed.empty());
}

TEST_F(ManagersDeath, IsMetByThreadsThatWaitAndByCallbacks) {
  Gate gate;
  auto actor = runtime().spawn<Recorder>();
  auto running = actor.call<&Recorder::hold>(gate.path());
  std::promise<void> called_back;
  running.on_done([&] { called_back.set_value(); });
  gate.wait_reached();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&] { EXPECT_TRUE(has_failed_with<ManagerDied>(actor.call<&Recorder::note>(1))); });
  }
  OtherProcess::own_manager().kill();
  threads.clear();
  called_back.get_future().get();
}

class ZygotesDeath : public testing::RuntimeTest {};

TEST_F(ZygotesDeath, HarmsNoHostAndNoLaterSpawn) {
  auto before = runtime().spawn<Recorder>();
  for (int round = 0; round < 3; ++round) {
    const auto zygote = OtherProcess::child(OtherProcess::own_manager().pid(), "troupe-zygote");
    zygote.kill();
    auto after = runtime().spawn<Recorder>();
    zygote.wait_ended();
    EXPECT_EQ(after.call<&Recorder::note>(round).get(), round);
    EXPECT_EQ(before.call<&Recorder::note>(round).get(), round);
  }
}

// Keeps another proxy of an actor.
class Keeper {
 public:
  explicit Keeper(Proxy<Recorder> kept) : kept_(std::move(kept)) {}

  int note() const { return kept_.call<&Recorder::note>(1).get(); }
  Proxy<Recorder> kept() const { return kept_; }

 private:
  Proxy<Recorder> kept_;
};

TEST_F(DeathMetByMany, IsToldOnceAlsoWhenSomebodyAsksAgain) {
  struct Seen {
    int deaths = 0;
    std::promise<void> first_death;
    std::promise<int> deaths_before_marker;
  };
  const auto seen = std::make_shared<Seen>();  // events go on behind this test
  runtime().on_event([seen](const RuntimeEvent& event) {
    if (std::holds_alternative<Down>(event) && ++seen->deaths == 1) seen->first_death.set_value();
    const auto* spawned = std::get_if<Spawned>(&event);
    if (spawned != nullptr && spawned->name == "marker") seen->deaths_before_marker.set_value(seen->deaths);
  });
  auto victim = runtime().spawn<Recorder>();
  auto keeper = runtime().spawn<Keeper>(victim);
  victim.kill();
  seen->first_death.get_future().get();
  victim = {};

  keeper.call<&Keeper::kept>().get().wait();
  auto marker = runtime().spawn<Recorder>(SpawnOptions{.name = "marker"});

  EXPECT_EQ(seen->deaths_before_marker.get_future().get(), 1);
}

}  // namespace
}  // namespace troupe::test
