// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/testing.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "actors.hpp"
#include "gate.hpp"

namespace troupe::test {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

[[noreturn]] void die() {
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

// Notes numbers, and dies on demand.
class Mortal {
 public:
  Mortal() = default;
  explicit Mortal(int first) : seen_{first} {}

  int note(int number) {
    seen_.push_back(number);
    return number;
  }
  std::vector<int> seen() const { return seen_; }
  std::size_t take(const std::string& text) {
    seen_.push_back(static_cast<int>(text.size()));
    return text.size();
  }
  void die_at(const std::string& gate) {
    wait_at(gate);
    die();
  }
  // The first time.
  int die_unless_there_is(const std::string& path, int number) {
    if (!std::filesystem::exists(path)) {
      std::ofstream(path) << "it ran";
      die();
    }
    return note(number);
  }
  void die_now() { die(); }
  void die_of(const Proxy<Counter>&) { die(); }
  void leave(int code) { std::exit(code); }
  int pid() const { return ::getpid(); }

 private:
  std::vector<int> seen_;
};

constexpr RestartPolicy kAtOnce = {.max = 5, .backoff = {.first = std::chrono::seconds(0)}};
constexpr RestartPolicy kMuchLater = {.max = 5, .backoff = {.first = hours(1), .most = hours(1)}};

class Restart : public testing::RuntimeTest {
 protected:
  Proxy<Mortal> spawn_mortal(RestartPolicy policy = kAtOnce) { return runtime().spawn<Mortal>({.restart = policy}); }
  std::string missing_file() const { return (folder_.path() / "missing").string(); }

 private:
  const TemporaryFolder folder_;
};

TEST_F(Restart, SendsWhatHadNotStartedToTheNextLifeInOrder) {
  Gate gate;
  auto mortal = spawn_mortal();
  const auto dying = mortal.call<&Mortal::die_at>(gate.path());
  std::vector<AsyncResult<int>> waiting;
  for (int number = 0; number < 500; ++number) waiting.push_back(mortal.call<&Mortal::note>(number));
  gate.open();
  EXPECT_EQ(verdict<ActorDied>(dying), Execution::maybe);
  std::vector<int> numbers;
  for (int number = 0; number < 500; ++number) {
    numbers.push_back(number);
    EXPECT_EQ(waiting[static_cast<std::size_t>(number)].get(), number);
  }
  EXPECT_EQ(mortal.call<&Mortal::seen>().get(), numbers);
}

TEST_F(Restart, KeepsOneWayMessages) {
  Gate gate;
  auto mortal = spawn_mortal();
  mortal.tell<&Mortal::die_at>(gate.path());
  mortal.tell<&Mortal::note>(1);
  mortal.tell<&Mortal::note>(2);
  gate.open();
  EXPECT_THAT(mortal.call<&Mortal::seen>().get(), ElementsAre(1, 2));
}

TEST_F(Restart, KeepsTheProxyAndCountsItsLives) {
  auto mortal = spawn_mortal();
  const int first_pid = mortal.pid();
  EXPECT_EQ(mortal.incarnation(), 1u);
  EXPECT_TRUE(has_failed_with<ActorDied>(mortal.call<&Mortal::die_now>()));
  const int second_pid = mortal.call<&Mortal::pid>().get();
  EXPECT_NE(second_pid, first_pid);
  EXPECT_EQ(mortal.pid(), second_pid);
  EXPECT_EQ(mortal.incarnation(), 2u);
}

TEST_F(Restart, ConstructsFromTheSameArguments) {
  auto mortal = runtime().spawn<Mortal>({.restart = kAtOnce}, 42);
  mortal.call<&Mortal::note>(1).get();
  mortal.call<&Mortal::die_now>().wait();
  EXPECT_THAT(mortal.call<&Mortal::seen>().get(), ElementsAre(42));
}

TEST_F(Restart, OfAnExecutedHostIsLikeThatOfAForkedOne) {
  auto mortal = runtime().spawn<Mortal>({.restart = kAtOnce, .start = StartMethod::spawn}, 42);
  mortal.call<&Mortal::die_now>().wait();
  EXPECT_THAT(mortal.call<&Mortal::seen>().get(), ElementsAre(42));
}

TEST_F(Restart, SurvivesDeathsInARow) {
  auto mortal = spawn_mortal({.max = 50, .backoff = {.first = std::chrono::seconds(0)}});
  for (unsigned life = 1; life <= 50; ++life) {
    const auto dying = mortal.call<&Mortal::die_now>();
    const auto next = mortal.call<&Mortal::note>(1);
    EXPECT_EQ(verdict<ActorDied>(dying), Execution::maybe);
    EXPECT_EQ(next.get(), 1);
    EXPECT_EQ(mortal.incarnation(), life + 1);
  }
}

TEST_F(Restart, KeepsLargeRequestsWhereTheyLie) {
  Gate gate;
  auto mortal = spawn_mortal();
  const std::string large(std::size_t{3} << 20, 'x');
  mortal.tell<&Mortal::die_at>(gate.path());
  const auto taken = mortal.call<&Mortal::take>(large);
  gate.open();
  EXPECT_EQ(taken.get(), large.size());
  EXPECT_EQ(mortal.call<&Mortal::take>(large).get(), large.size());
}

TEST_F(Restart, SendsAnIdempotentCallAgainAtItsOldPlace) {
  auto mortal = spawn_mortal();
  const auto again = mortal.with({.idempotent = true}).call<&Mortal::die_unless_there_is>(missing_file(), 1);
  const auto behind = mortal.call<&Mortal::note>(2);
  EXPECT_EQ(again.get(), 1);
  EXPECT_EQ(behind.get(), 2);
  EXPECT_THAT(mortal.call<&Mortal::seen>().get(), ElementsAre(1, 2));
}

TEST_F(Restart, SendsAnIdempotentCallAgainAsOftenAsItWasAllowed) {
  auto mortal = spawn_mortal({.max = 5, .backoff = {.first = std::chrono::seconds(0)}, .poison_after = 10});
  const auto dying = mortal.with({.idempotent = true, .retries = 2}).call<&Mortal::die_now>();
  EXPECT_EQ(verdict<ActorDied>(dying), Execution::maybe);
  mortal.call<&Mortal::note>(1).get();
  EXPECT_EQ(mortal.incarnation(), 4u);
}

TEST_F(Restart, SetsAPoisonMessageAsideAndGoesOnWithTheRest) {
  auto mortal = spawn_mortal();
  const auto poison = mortal.with({.idempotent = true}).call<&Mortal::die_now>();
  const auto rest = mortal.call<&Mortal::note>(1);
  try {
    poison.get();
    FAIL() << "it did not fail";
  } catch (const PoisonMessage& error) {
    EXPECT_THAT(error.what(), HasSubstr("Mortal::die_now"));
    EXPECT_THAT(error.what(), HasSubstr("it ran when the actor died, 2 times in a row"));
    const auto causes = error.causes();
    ASSERT_EQ(causes.size(), 2u);
    EXPECT_EQ(causes[0].incarnation, 1u);
    EXPECT_EQ(causes[1].incarnation, 2u);
    EXPECT_EQ(causes[1].signal, SIGABRT);
  }
  EXPECT_EQ(rest.get(), 1);
}

TEST_F(Restart, SetsAPoisonMessageAsideAfterOneDeathWhereThatIsEnough) {
  auto mortal = spawn_mortal({.max = 5, .backoff = {.first = std::chrono::seconds(0)}, .poison_after = 1});
  try {
    mortal.with({.idempotent = true}).call<&Mortal::die_now>().get();
    FAIL() << "it did not fail";
  } catch (const PoisonMessage& error) {
    EXPECT_THAT(error.what(), HasSubstr("it ran when the actor died, once, so it is not sent again"));
    EXPECT_EQ(error.causes().size(), 1u);
  }
}

TEST_F(Restart, GivesUpWithTheReportOfTheFirstDeath) {
  std::promise<GaveUp> given_up;
  runtime().on_event([&](const RuntimeEvent& event) {
    if (const auto* gave_up = std::get_if<GaveUp>(&event)) given_up.set_value(*gave_up);
  });
  Gate gate;
  auto mortal = spawn_mortal({.max = 2, .backoff = {.first = std::chrono::seconds(0)}});
  mortal.tell<&Mortal::leave>(7);
  mortal.tell<&Mortal::die_now>();
  const auto last = mortal.call<&Mortal::die_at>(gate.path());
  const auto behind = mortal.call<&Mortal::note>(1);
  gate.open();
  EXPECT_EQ(verdict<ActorDied>(last), Execution::maybe);
  for (const auto& result : {behind, mortal.call<&Mortal::note>(2)}) {
    try {
      result.get();
      FAIL() << "it did not fail";
    } catch (const ActorDied& error) {
      EXPECT_EQ(error.execution(), Execution::not_started);
      EXPECT_EQ(error.cause().kind, DeathKind::exit_code);
      EXPECT_EQ(error.cause().exit_code, 7);
      EXPECT_EQ(error.cause().incarnation, 1u);
    }
  }
  EXPECT_EQ(given_up.get_future().get().first_cause.exit_code, 7);
  EXPECT_FALSE(mortal.is_alive());
}

TEST_F(Restart, TellsOfEachDeathAndEachLife) {
  std::vector<std::string> events;
  std::promise<void> over;
  runtime().on_event([&](const RuntimeEvent& event) {
    if (const auto* down = std::get_if<Down>(&event)) events.emplace_back(down->will_restart ? "down" : "down for good");
    if (const auto* restarted = std::get_if<Restarted>(&event))
      events.push_back("life " + std::to_string(restarted->incarnation));
    if (!events.empty() && events.back() == "down for good") over.set_value();
  });
  auto mortal = spawn_mortal();
  mortal.call<&Mortal::die_now>().wait();
  mortal.call<&Mortal::note>(1).get();
  mortal.kill();
  over.get_future().wait();
  EXPECT_THAT(events, ElementsAre("down", "life 2", "down for good"));
}

TEST_F(Restart, FollowsACleanExitOnlyWhenThatIsWanted) {
  auto after_crashes = spawn_mortal();
  EXPECT_TRUE(has_failed_with<ActorDied>(after_crashes.call<&Mortal::leave>(0)));
  EXPECT_TRUE(has_failed_with<ActorDied>(after_crashes.call<&Mortal::note>(1)));
  auto always = spawn_mortal({.max = 5, .backoff = {.first = std::chrono::seconds(0)}, .on = RestartPolicy::On::any_exit});
  EXPECT_TRUE(has_failed_with<ActorDied>(always.call<&Mortal::leave>(0)));
  EXPECT_EQ(always.call<&Mortal::note>(1).get(), 1);
}

TEST_F(Restart, DoesNotFollowStopAndKill) {
  auto stopped = spawn_mortal();
  stopped.stop(hours(1));
  EXPECT_EQ(stopped.wait()->exit_code, 0);
  auto killed = spawn_mortal();
  killed.kill();
  EXPECT_EQ(killed.wait()->signal, SIGKILL);
  EXPECT_TRUE(has_failed_with<ActorDied>(killed.call<&Mortal::note>(1)));
}

TEST_F(Restart, IsWaitedForNoLongerThanACallsDeadline) {
  auto mortal = spawn_mortal(kMuchLater);
  mortal.call<&Mortal::die_now>().wait();
  const auto waiting = mortal.with({.deadline = std::chrono::milliseconds(20)}).call<&Mortal::note>(1);
  EXPECT_EQ(verdict<TimeoutError>(waiting), Execution::not_started);
}

TEST_F(Restart, DoesNotSayOfACallThatRanThatItDidNot) {
  auto mortal = spawn_mortal(kMuchLater);
  const auto ran = mortal.with({.deadline = std::chrono::milliseconds(300), .idempotent = true}).call<&Mortal::die_now>();
  EXPECT_EQ(verdict<TimeoutError>(ran), Execution::maybe);
}

TEST_F(Restart, BoundsTheQueueMeanwhileAsTheMailbox) {
  auto mortal = runtime().spawn<Mortal>({.restart = kMuchLater, .mailbox = {.calls = 4, .when_full = WhenFull::fail}});
  mortal.call<&Mortal::die_now>().wait();
  std::vector<AsyncResult<int>> waiting;
  for (int number = 0; number < 4; ++number) waiting.push_back(mortal.call<&Mortal::note>(number));
  EXPECT_TRUE(has_failed_with<MailboxFull>(mortal.call<&Mortal::note>(5)));
  mortal.kill();
  for (const auto& each : waiting) EXPECT_EQ(verdict<ActorDied>(each), Execution::not_started);
}

// Calls actors that it has not called before.
class Stranger {
 public:
  Execution call_in_vain(const Proxy<Mortal>& mortal) {
    return verdict<TimeoutError>(mortal.with({.deadline = std::chrono::milliseconds(10)}).call<&Mortal::note>(1));
  }
};

TEST_F(Restart, IsNotWaitedForByAFirstCallPastItsDeadline) {
  auto mortal = spawn_mortal(kMuchLater);
  auto stranger = runtime().spawn<Stranger>();
  mortal.call<&Mortal::die_now>().wait();
  EXPECT_EQ(stranger.call<&Stranger::call_in_vain>(mortal).get(), Execution::not_started);
  EXPECT_EQ(stranger.call<&Stranger::call_in_vain>(mortal).get(), Execution::not_started);  // while it goes on being opened
}

TEST_F(Restart, IsNotWaitedForByShutdown) {
  auto mortal = spawn_mortal(kMuchLater);
  mortal.call<&Mortal::die_now>().wait();
  const auto waiting = mortal.call<&Mortal::note>(1);
  EXPECT_TRUE(runtime().shutdown().killed.empty());
  EXPECT_EQ(verdict<ActorDied>(waiting), Execution::not_started);
}

TEST_F(Restart, EndsWithTheLastProxyAlsoBetweenTwoLives) {
  std::promise<void> over;
  runtime().on_event([&](const RuntimeEvent& event) {
    const auto* down = std::get_if<Down>(&event);
    if (down != nullptr && !down->will_restart) over.set_value();
  });
  auto mortal = spawn_mortal(kMuchLater);
  mortal.call<&Mortal::die_now>().wait();
  mortal = {};
  over.get_future().wait();
  EXPECT_TRUE(runtime().actors().empty());
}

TEST_F(Restart, LetsTheActorBeFoundAndListedMeanwhile) {
  auto mortal = runtime().spawn<Mortal>({.name = "phoenix", .restart = kMuchLater});
  try {
    mortal.call<&Mortal::die_now>().get();
  } catch (const ActorDied& error) {
    EXPECT_EQ(error.cause().signal, SIGABRT);  // the manager knows of it, too
  }
  EXPECT_EQ(runtime().lookup<Mortal>("phoenix"), mortal);
  EXPECT_THROW(runtime().spawn<Mortal>({.name = "phoenix"}), DuplicateName);
  const auto actors = runtime().actors();
  ASSERT_EQ(actors.size(), 1u);
  EXPECT_EQ(actors[0].state, ActorState::starting);
  EXPECT_EQ(actors[0].restarts, 1u);
  EXPECT_EQ(actors[0].last_death->signal, SIGABRT);
}

TEST_F(Restart, RunsCallbacksOfResultsThatOutliveALife) {
  Gate gate;
  auto mortal = spawn_mortal();
  mortal.tell<&Mortal::die_at>(gate.path());
  std::promise<int> called;
  mortal.call<&Mortal::note>(1).on_done([&](const AsyncResult<int>& result) { called.set_value(result.get()); });
  gate.open();
  EXPECT_EQ(called.get_future().get(), 1);
}

// Holds on to what it was constructed with.
class Owner {
 public:
  explicit Owner(Proxy<Counter> counter) : counter_(std::move(counter)) {}
  int add(int number) { return counter_.call<&Counter::add>(number).get(); }
  void die_now() { die(); }

 private:
  Proxy<Counter> counter_;
};

TEST_F(Restart, KeepsTheActorsAmongTheConstructorsArguments) {
  auto owner = runtime().spawn<Owner>({.restart = kAtOnce}, runtime().spawn<Counter>(10));
  EXPECT_EQ(owner.call<&Owner::add>(1).get(), 11);
  owner.call<&Owner::die_now>().wait();
  EXPECT_EQ(owner.call<&Owner::add>(1).get(), 12);
  owner.stop(hours(1));
  owner.wait();
}

TEST_F(Restart, DoesNotRepeatACallThatBroughtProxies) {
  auto counter = runtime().spawn<Counter>(1);
  auto mortal = spawn_mortal();
  EXPECT_EQ(verdict<ActorDied>(mortal.with({.idempotent = true}).call<&Mortal::die_of>(counter)), Execution::maybe);
  EXPECT_EQ(mortal.call<&Mortal::note>(1).get(), 1);
}

// A client that is an actor.
class Middleman {
 public:
  explicit Middleman(Proxy<Mortal> mortal) : mortal_(std::move(mortal)) {}
  int note(int number) { return mortal_.call<&Mortal::note>(number).get(); }
  bool kill_it() { return has_failed_with<ActorDied>(mortal_.call<&Mortal::die_now>()); }

 private:
  Proxy<Mortal> mortal_;
};

TEST_F(Restart, IsForAllClients) {
  auto mortal = spawn_mortal();
  auto middleman = runtime().spawn<Middleman>(mortal);
  EXPECT_EQ(middleman.call<&Middleman::note>(1).get(), 1);
  EXPECT_TRUE(middleman.call<&Middleman::kill_it>().get());
  EXPECT_EQ(middleman.call<&Middleman::note>(2).get(), 2);
  EXPECT_EQ(mortal.call<&Mortal::note>(3).get(), 3);
  EXPECT_THAT(mortal.call<&Mortal::seen>().get(), ElementsAre(2, 3));
}

// Cannot be constructed twice.
class Once {
 public:
  explicit Once(const std::string& path) {
    if (std::filesystem::exists(path)) throw std::runtime_error("there was one before");
    std::ofstream(path) << "it lives";
  }
  void die_now() { die(); }
};

TEST_F(Restart, CountsAConstructorThatThrowsAsADeath) {
  auto once = runtime().spawn<Once>({.restart = {.max = 3, .backoff = {.first = std::chrono::seconds(0)}}}, missing_file());
  std::vector<DeathCause> causes;
  std::promise<void> over;
  runtime().on_event([&](const RuntimeEvent& event) {
    if (const auto* down = std::get_if<Down>(&event)) causes.push_back(down->cause);
    if (std::holds_alternative<GaveUp>(event)) over.set_value();
  });
  once.call<&Once::die_now>().wait();
  over.get_future().wait();
  ASSERT_EQ(causes.size(), 4u);
  EXPECT_EQ(causes[0].kind, DeathKind::signal);
  EXPECT_EQ(causes[3].kind, DeathKind::uncaught_at_start);
  EXPECT_THAT(causes[3].text(), HasSubstr("there was one before"));
  EXPECT_EQ(verdict<ActorDied>(once.call<&Once::die_now>()), Execution::not_started);
}

// Its state survives it.
class Ledger {
 public:
  int add(int number) { return sum_ += number; }
  int add_and_save(int number) {
    request_checkpoint();
    return add(number);
  }
  int sum() const { return sum_; }
  void die_now() { die(); }

  void checkpoint(OutputArchive& archive) const { archive(sum_); }
  void restore(InputArchive& archive) { archive(sum_); }

 private:
  int sum_ = 0;
};

TEST_F(Restart, RestoresTheStateAfterTheLastAnsweredCall) {
  auto ledger = runtime().spawn<Ledger>({.restart = kAtOnce});
  for (int number = 1; number <= 10; ++number) ledger.call<&Ledger::add>(number).get();
  ledger.call<&Ledger::die_now>().wait();
  EXPECT_EQ(ledger.call<&Ledger::sum>().get(), 55);
  ledger.call<&Ledger::die_now>().wait();
  EXPECT_EQ(ledger.call<&Ledger::sum>().get(), 55);
}

TEST_F(Restart, RestoresTheStateAfterEveryNthCall) {
  RestartPolicy policy = kAtOnce;
  policy.checkpoint_every = 4;
  auto ledger = runtime().spawn<Ledger>({.restart = policy});
  for (int i = 0; i < 7; ++i) ledger.call<&Ledger::add>(1).get();
  ledger.call<&Ledger::die_now>().wait();
  EXPECT_EQ(ledger.call<&Ledger::sum>().get(), 4);
}

TEST_F(Restart, RestoresTheStateThatTheActorAskedToKeep) {
  RestartPolicy policy = kAtOnce;
  policy.checkpoint_every = 0;
  auto ledger = runtime().spawn<Ledger>({.restart = policy});
  ledger.call<&Ledger::add>(1).get();
  ledger.call<&Ledger::add_and_save>(2).get();
  ledger.call<&Ledger::add>(4).get();
  ledger.call<&Ledger::die_now>().wait();
  EXPECT_EQ(ledger.call<&Ledger::sum>().get(), 3);
}

}  // namespace
}  // namespace troupe::test
