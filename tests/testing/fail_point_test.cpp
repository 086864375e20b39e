// SPDX-License-Identifier: BSL-1.0
#include <troupe/testing.hpp>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>

#include "actors.hpp"

namespace troupe::testing::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class FailPoints : public RuntimeTest {
 protected:
  Proxy<Store> spawn_restartable(const Armed& armed) {
    return runtime().spawn<Store>({.restart = {.max = 3, .backoff = {.first = std::chrono::milliseconds(1)}}}, armed, 0);
  }
};

TEST_F(FailPoints, AreOffUntilArmed) {
  const auto store = runtime().spawn<Store>(1);
  EXPECT_EQ(store.call<&Store::try_put>(1).get(), 2);
  EXPECT_EQ(hits(store, "store.before_put"), 0u);
}

TEST_F(FailPoints, Crash) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.before_put", Fail::crash());
  EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), AllOf(DiedOf(SIGABRT), DiedIn(HasSubstr("Store::put"))));
}

TEST_F(FailPoints, RaiseASignal) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.before_put", Fail::signal(SIGFPE));
  EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(SIGFPE));
}

TEST_F(FailPoints, ExitTheProcess) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.after_put", Fail::exit(7));
  EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), ExitedWith(7));
}

TEST_F(FailPoints, ThrowAtThePlace) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.before_put", Fail::throw_("disk full"));
  EXPECT_THAT([&] { store.call<&Store::put>(1).get(); }, ThrowsMessage<std::runtime_error>(HasSubstr("disk full")));
  arm(store, "store.before_put", Fail::throw_());
  EXPECT_THAT([&] { store.call<&Store::put>(1).get(); }, ThrowsMessage<std::runtime_error>(HasSubstr("store.before_put")));
  EXPECT_EQ(store.call<&Store::sum>().get(), 0);
}

TEST_F(FailPoints, TakeTheWayOut) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.full", Fail::return_());
  EXPECT_EQ(store.call<&Store::try_put>(1).get(), -1);
  EXPECT_EQ(store.call<&Store::sum>().get(), 0);
}

TEST_F(FailPoints, Sleep) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.before_put", Fail::sleep(std::chrono::milliseconds(20)));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(store.call<&Store::put>(1).get(), 1);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
}

TEST_F(FailPoints, PauseUntilTheProcessIsKilled) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.after_put", Fail::pause());
  EXPECT_THROW(store.with({.deadline = std::chrono::milliseconds(5)}).call<&Store::put>(1).get(), TimeoutError);
  store.kill();
  EXPECT_EQ(store.wait()->signal, SIGKILL);
}

TEST_F(FailPoints, AreDisarmed) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.before_put", Fail::crash());
  arm(store, "store.before_put", Fail::off());
  EXPECT_EQ(store.call<&Store::put>(1).get(), 1);
}

TEST_F(FailPoints, ActAtTheirNthHitAndSoManyTimes) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.full", Fail::return_().at_hit(3).times(2));
  std::string story;
  for (int i = 0; i < 6; ++i) story += store.call<&Store::try_put>(1).get() < 0 ? 'x' : '.';
  EXPECT_EQ(story, "..xx..");
}

TEST_F(FailPoints, CountHitsFromEachArming) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.full", Fail::return_().at_hit(2));
  EXPECT_EQ(store.call<&Store::try_put>(1).get(), 1);
  arm(store, "store.full", Fail::return_().at_hit(2));
  EXPECT_EQ(store.call<&Store::try_put>(1).get(), 2);
  EXPECT_EQ(store.call<&Store::try_put>(1).get(), -1);
  EXPECT_EQ(hits(store, "store.full"), 3u);
}

TEST_F(FailPoints, AreArmedBetweenTheMessagesBeforeAndBehind) {
  const auto store = runtime().spawn<Store>();
  const auto before = store.call<&Store::put>(1);
  arm(store, "store.before_put", Fail::crash());
  EXPECT_EQ(before.get(), 1);
  EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(SIGABRT));
}

TEST_F(FailPoints, AreArmedInOneProcessOnly) {
  const auto store = runtime().spawn<Store>();
  const auto other = runtime().spawn<Store>();
  arm(store, "store.before_put", Fail::crash());
  EXPECT_EQ(other.call<&Store::put>(1).get(), 1);
  EXPECT_EQ(Store(1).put(1), 2);  // here, too, they are off
}

TEST_F(FailPoints, OfOneLifeAreNotArmedInTheNext) {
  const auto store = spawn_restartable({});
  arm(store, "store.before_put", Fail::crash());
  EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(SIGABRT));
  EXPECT_EQ(store.call<&Store::put>(1).get(), 1);
}

TEST_F(FailPoints, AreArmedBeforeTheConstructorRuns) {
  EXPECT_ACTOR_DIES(runtime().spawn<Store>(Armed{{"store.open", Fail::crash()}}), DiedOf(SIGABRT));
  EXPECT_ACTOR_DIES(runtime().spawn<Store>({.start = StartMethod::spawn}, Armed{{"store.open", Fail::exit(7)}}, 1),
                    ExitedWith(7));
  const auto failed = runtime().spawn_async<Store>(Armed{{"store.open", Fail::throw_("shut")}}, 1);
  EXPECT_THAT([&] { failed.get(); }, ThrowsMessage<std::runtime_error>(HasSubstr("shut")));
}

TEST_F(FailPoints, AreArmedWithTheSpawnInEachLife) {
  const auto store = spawn_restartable({{"store.after_put", Fail::crash()}, {"store.full", Fail::return_()}});
  EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(SIGABRT));
  EXPECT_EQ(store.call<&Store::try_put>(1).get(), -1);
  EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(SIGABRT));
}

// Tests that arm them would pass, and test nothing.
TEST_F(FailPoints, ThatCouldNotFailCannotBeArmed) {
  const auto store = runtime().spawn<Store>();
  const auto refusal_of = [&](const Fail& fail, const std::string& text) {
    EXPECT_THAT([&] { arm(store, "store.full", fail); }, ThrowsMessage<std::invalid_argument>(HasSubstr(text)));
  };
  for (const int number : {0, -1, 65}) refusal_of(Fail::signal(number), "Fail::signal takes a signal, 1 to 64");
  refusal_of(Fail::return_().times(0), "Fail::times takes 1 and up");
  refusal_of(Fail::sleep(std::chrono::milliseconds(-1)), "Fail::sleep takes no negative span");
  refusal_of(Fail::return_().at_hit(0), "Fail::at_hit counts hits from 1");
  EXPECT_EQ(store.call<&Store::try_put>(1).get(), 1);
}

TEST_F(FailPoints, ThatDoNotExistCannotBeArmed) {
  const auto store = runtime().spawn<Store>();
  const auto refusal = ThrowsMessage<std::invalid_argument>(
      AllOf(HasSubstr(R"(TROUPE_FAIL_POINT("store.befor_put"))"), HasSubstr(R"(it has: "store.after_put", "store.before_put")")));
  EXPECT_THAT([&] { arm(store, "store.befor_put", Fail::crash()); }, refusal);
  EXPECT_THAT([&] { hits(store, "store.befor_put"); }, refusal);
  EXPECT_THAT([&] { runtime().spawn<Store>(Armed{{"store.befor_put", Fail::crash()}}); }, refusal);
}

TEST_F(FailPoints, HaveNoHitZero) {
  const auto store = runtime().spawn<Store>();
  EXPECT_THAT([&] { arm(store, "store.full", Fail::crash().at_hit(0)); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("Fail::at_hit")));
}

}  // namespace
}  // namespace troupe::testing::test
