// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <future>

#include "actors.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

class Spawning : public testing::RuntimeTest, public ::testing::WithParamInterface<StartMethod> {
 protected:
  SpawnOptions options() const { return {.start = GetParam()}; }
};

INSTANTIATE_TEST_SUITE_P(BothMethods, Spawning, ::testing::Values(StartMethod::forkserver, StartMethod::spawn),
                         [](const auto& method) { return method.param == StartMethod::spawn ? "Spawn" : "Forkserver"; });

TEST_P(Spawning, GivesEachActorAProcess) {
  auto a = runtime().spawn<Counter>(options(), 1);
  auto b = runtime().spawn<Counter>(options(), 2);
  EXPECT_NE(a.pid(), b.pid());
  EXPECT_EQ(a.call<&Counter::get>().get(), 1);
  EXPECT_EQ(b.call<&Counter::get>().get(), 2);
}

TEST_P(Spawning, ThrowsWhatTheConstructorThrew) {
  try {
    runtime().spawn<Thrower>(options(), "no such file");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "no such file");
    EXPECT_NE(dynamic_cast<const RemoteError*>(&error), nullptr);
  }
  EXPECT_THROW(runtime().spawn<Thrower>(options(), 1), InitError);
  EXPECT_EQ(runtime().spawn<Thrower>(options()).call<&Thrower::fine>().get(), 1);
}

TEST_P(Spawning, AsynchronouslyStartsManyAtOnce) {
  std::vector<AsyncResult<Proxy<Counter>>> spawned;
  for (int i = 0; i < 20; ++i) spawned.push_back(runtime().spawn_async<Counter>(options(), i));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(spawned[static_cast<std::size_t>(i)].get().call<&Counter::get>().get(), i);
}

class Runtimes : public testing::RuntimeTest {};

TEST_F(Runtimes, RefuseANameTwiceAndFreeItWithTheActor) {
  auto first = runtime().spawn<Counter>({.name = "one"}, 1);
  EXPECT_THROW(runtime().spawn<Counter>({.name = "one"}, 2), DuplicateName);
  first.kill();
  first.wait();
  EXPECT_EQ(runtime().spawn<Counter>({.name = "one"}, 3).call<&Counter::get>().get(), 3);
}

TEST_F(Runtimes, FindActorsByName) {
  EXPECT_FALSE(runtime().find<Counter>("one"));
  EXPECT_THROW(runtime().lookup<Counter>("one"), NoSuchActor);
  auto actor = runtime().spawn<Counter>({.name = "one"}, 1);
  EXPECT_EQ(runtime().lookup<Counter>("one"), actor);
  EXPECT_EQ(runtime().lookup<Counter>("one").call<&Counter::add>(1).get(), 2);
  EXPECT_THROW(runtime().find<Everything>("one"), IncompatibleInterface);
}

TEST_F(Runtimes, SpawnOrGetGivesOneActorToAllWhoAsk) {
  std::vector<std::future<Proxy<Counter>>> asked;
  for (int i = 0; i < 8; ++i) {
    asked.push_back(std::async(std::launch::async, [&] { return runtime().spawn_or_get<Counter>({.name = "shared"}, 0); }));
  }
  std::vector<Proxy<Counter>> got;
  for (auto& each : asked) got.push_back(each.get());
  for (const auto& proxy : got) EXPECT_EQ(proxy, got.front());
  EXPECT_THROW(runtime().spawn_or_get<Counter>({}, 0), std::invalid_argument);
}

TEST_F(Runtimes, ListTheirActors) {
  auto actor = runtime().spawn<Counter>({.name = "listed"}, 1);
  actor.call<&Counter::add>(1).get();
  const auto actors = runtime().actors();
  ASSERT_EQ(actors.size(), 1u);
  EXPECT_EQ(actors[0].id, actor.id());
  EXPECT_EQ(actors[0].name, "listed");
  EXPECT_EQ(actors[0].pid, actor.pid());
  EXPECT_EQ(actors[0].state, ActorState::running);
  EXPECT_EQ(actors[0].calls_handled, 1u);
}

TEST_F(Runtimes, TellWhatHappens) {
  std::promise<ActorId> spawned, down;
  runtime().on_event([&](const RuntimeEvent& event) {
    if (const auto* each = std::get_if<Spawned>(&event)) spawned.set_value(each->actor);
    if (const auto* each = std::get_if<Down>(&event)) down.set_value(each->actor);
  });
  auto actor = runtime().spawn<Counter>(1);
  EXPECT_EQ(spawned.get_future().get(), actor.id());
  actor.kill();
  EXPECT_EQ(down.get_future().get(), actor.id());
}

TEST_F(Runtimes, StopAnActorWhenItsLastProxyGoes) {
  std::promise<Down> down;
  {
    auto actor = runtime().spawn<Counter>(1);
    actor.on_down([&](const Down& event) { down.set_value(event); });
  }
  EXPECT_EQ(down.get_future().get().cause.kind, DeathKind::stopped);
}

TEST_F(Runtimes, StopGracefullyAfterWhatWasSent) {
  auto actor = runtime().spawn<Counter>(1);
  auto result = actor.call<&Counter::add>(1);
  actor.stop();
  EXPECT_EQ(result.get(), 2);
  EXPECT_EQ(actor.wait()->exit_code, 0);
  EXPECT_FALSE(actor.is_alive());
  EXPECT_THROW(actor.call<&Counter::get>().get(), ActorDied);
}

TEST_F(Runtimes, KillWhatDoesNotStop) {
  auto actor = runtime().spawn<Victim>();
  auto result = actor.call<&Victim::hang>();
  const auto report = runtime().shutdown(std::chrono::milliseconds(10));
  ASSERT_EQ(report.killed.size(), 1u);
  EXPECT_EQ(report.killed[0].id, actor.id());
  EXPECT_THROW(result.get(), ActorDied);
  EXPECT_THROW(runtime().spawn<Counter>(1), RuntimeStopped);
}

TEST_F(Runtimes, LeaveProxiesThatOutliveThemHarmless) {
  Proxy<Counter> left;
  AsyncResult<int> result;
  {
    Runtime inner;
    left = inner.spawn<Counter>(1);
    result = left.call<&Counter::add>(1);
  }
  EXPECT_EQ(result.get(), 2);
  EXPECT_ANY_THROW(left.call<&Counter::get>().get());
  EXPECT_FALSE(left.is_alive());
}

TEST(RestartPolicy, ThatAllowsRestartsRestartsAfterCrashes) {
  EXPECT_EQ(RestartPolicy{.max = 3}.on, RestartPolicy::On::crash);
  EXPECT_EQ(RestartPolicy::never.max, 0u);
  EXPECT_EQ(SpawnOptions().restart.on, RestartPolicy::On::never);
}

// Before anything is sent: the manager would take it for an attack, and part with the program.
TEST_F(Runtimes, RefuseOptionsThatDoNotExistAndLiveOn) {
  const auto refusal = [&](const SpawnOptions& options) -> std::string {
    try {
      runtime().spawn<Counter>(options, 1);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(refusal({.lifetime = static_cast<Lifetime>(7)}), HasSubstr("SpawnOptions::lifetime is 7"));
  EXPECT_THAT(refusal({.restart = {.on = static_cast<RestartPolicy::On>(9)}}), HasSubstr("SpawnOptions::restart.on is 9"));
  EXPECT_THAT(refusal({.mailbox = {.when_full = static_cast<WhenFull>(7)}}), HasSubstr("SpawnOptions::mailbox.when_full is 7"));
  EXPECT_THAT(refusal({.start = static_cast<StartMethod>(7)}), HasSubstr("SpawnOptions::start is 7"));
  EXPECT_THAT(refusal({.stdio = static_cast<Stdio>(7)}), HasSubstr("SpawnOptions::stdio is 7"));
  EXPECT_THAT(refusal({.security = static_cast<SecurityLevel>(9)}), HasSubstr("SpawnOptions::security is 9"));
  EXPECT_EQ(runtime().spawn<Counter>(1).call<&Counter::add>(1).get(), 2);
  EXPECT_THROW(Runtime(RuntimeOptions{.spin = static_cast<Spin>(9)}), std::invalid_argument);
}

TEST_F(Runtimes, CutALongNameInWhatTheySay) {
  try {
    runtime().spawn<Counter>({.name = std::string(100'000, 'n')}, 1);
    FAIL() << "it has taken it";
  } catch (const StartError& error) {
    EXPECT_LT(std::string(error.what()).size(), 500u);
    EXPECT_THAT(error.what(), HasSubstr("(100000 bytes)"));
  }
}

TEST_F(Runtimes, RefuseWhatTheyCannotDo) {
  EXPECT_THROW(runtime().spawn<Counter>({.mailbox = {.calls = 0}}, 1), std::invalid_argument);
  EXPECT_THROW(runtime().spawn<Counter>({.lifetime = Lifetime::detached}, 1), std::invalid_argument);
  EXPECT_THROW(runtime().spawn<Counter>({.restart = {.max = 3, .within = std::chrono::seconds(-1)}}, 1), std::invalid_argument);
  EXPECT_NO_THROW(runtime().spawn<Counter>({.restart = RestartPolicy::never}, 1));
  EXPECT_NO_THROW(runtime().spawn<Counter>({.restart = {}}, 1));
  EXPECT_THROW(runtime().spawn<Counter>({.start = StartMethod::spawn, .working_directory = "/no/such/directory"}, 1), StartError);
}

}  // namespace
}  // namespace troupe::test
