// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <csignal>
#include <future>

#include "actors.hpp"

namespace troupe::test {
namespace {

class Death : public testing::RuntimeTest {
 protected:
  static ActorDied died(const AsyncResult<void>& result) {
    try {
      result.get();
    } catch (const ActorDied& error) {
      return error;
    }
    ADD_FAILURE() << "the call did not fail";
    return {"", Execution::done, nullptr};
  }
};

TEST_F(Death, OfASegfaultNamesSignalAddressAndMethod) {
  auto victim = runtime().spawn<Victim>();
  const auto error = died(victim.call<&Victim::segfault>());
  EXPECT_EQ(error.execution(), Execution::maybe);
  const DeathCause cause = error.cause();
  EXPECT_EQ(cause.kind, DeathKind::signal);
  EXPECT_EQ(cause.signal, SIGSEGV);
  EXPECT_EQ(cause.fault_address, 8u);
  EXPECT_NE(cause.method.find("Victim::segfault"), std::string::npos) << cause.method;
}

TEST_F(Death, OfASegfaultShowsWhereItHappened) {
  auto victim = runtime().spawn<Victim>();
  std::promise<Down> seen;
  victim.on_down([&](const Down& down) { seen.set_value(down); });
  const DeathCause cause = died(victim.call<&Victim::segfault>()).cause();
  EXPECT_NE(cause.backtrace.find("Victim::segfault() at "), std::string::npos) << cause.backtrace;
  EXPECT_NE(cause.backtrace.find("actors.hpp:"), std::string::npos) << cause.backtrace;
  EXPECT_EQ(cause.backtrace.find("troupe::host::"), std::string::npos) << cause.backtrace;
  EXPECT_NE(cause.text().find(cause.backtrace), std::string::npos);
  EXPECT_EQ(seen.get_future().get().cause.backtrace, cause.backtrace);
}

TEST_F(Death, OfOneThatWasKilledShowsNoPlace) {
  auto victim = runtime().spawn<Victim>();
  const auto hanging = victim.call<&Victim::hang>();
  victim.kill();
  EXPECT_EQ(died(hanging).cause().backtrace, "");
}

TEST_F(Death, OfAnAbortNamesTheSignal) {
  auto victim = runtime().spawn<Victim>();
  EXPECT_EQ(died(victim.call<&Victim::abort>()).cause().signal, SIGABRT);
}

TEST_F(Death, OfAnUncaughtExceptionTellsIt) {
  auto victim = runtime().spawn<Victim>();
  const DeathCause cause = died(victim.call<&Victim::throw_uncaught>()).cause();
  EXPECT_EQ(cause.kind, DeathKind::signal);
  EXPECT_EQ(cause.detail.find("nobody caught an exception: std::out_of_range: "), 0u) << cause.detail;
  EXPECT_NE(cause.text().find(cause.detail), std::string::npos);
  EXPECT_NE(cause.backtrace.find("Victim::throw_uncaught() at "), std::string::npos) << cause.backtrace;
}

TEST_F(Death, ForWantOfMemorySaysSo) {
  auto victim = runtime().spawn<Victim>();
  const DeathCause cause = died(victim.call<&Victim::starve>()).cause();
  EXPECT_EQ(cause.kind, DeathKind::out_of_memory);
  EXPECT_EQ(cause.text().substr(0, 13), "out of memory");
}

TEST_F(Death, ByExitNamesTheCode) {
  auto victim = runtime().spawn<Victim>();
  const DeathCause cause = died(victim.call<&Victim::exit>(3)).cause();
  EXPECT_EQ(cause.kind, DeathKind::exit_code);
  EXPECT_EQ(cause.exit_code, 3);
  victim = runtime().spawn<Victim>();
  EXPECT_EQ(died(victim.call<&Victim::quick_exit>(0)).cause().kind, DeathKind::exit_code);
}

TEST_F(Death, TellsWhatHadStartedFromWhatHadNot) {
  auto victim = runtime().spawn<Victim>();
  auto done = victim.call<&Victim::ok>();
  auto running = victim.call<&Victim::segfault>();
  std::vector<AsyncResult<int>> queued;
  for (int i = 0; i < 10; ++i) queued.push_back(victim.call<&Victim::ok>());
  EXPECT_EQ(died(running).execution(), Execution::maybe);
  EXPECT_EQ(done.get(), 1);
  for (const auto& each : queued) {
    try {
      each.get();
      FAIL();
    } catch (const ActorDied& error) {
      EXPECT_EQ(error.execution(), Execution::not_started);
    }
  }
}

TEST_F(Death, IsToldWithoutAnybodyWaiting) {
  auto victim = runtime().spawn<Victim>();
  std::promise<bool> failed;
  std::promise<Down> down;
  victim.on_down([&](const Down& event) { down.set_value(event); });
  victim.call<&Victim::hang>().on_done([&](AsyncResult<void> result) { failed.set_value(!result.successful()); });
  victim.kill();
  EXPECT_TRUE(failed.get_future().get());
  EXPECT_EQ(down.get_future().get().cause.kind, DeathKind::killed_by_us);
}

TEST_F(Death, FailsLaterCallsAtOnce) {
  auto victim = runtime().spawn<Victim>();
  died(victim.call<&Victim::segfault>());
  EXPECT_THROW(victim.call<&Victim::ok>().get(), ActorDied);
  EXPECT_THROW(victim.tell<&Victim::ok>(), ActorDied);
  EXPECT_EQ(victim.wait()->signal, SIGSEGV);
}

TEST_F(Death, OfOneHarmsNoOther) {
  auto victim = runtime().spawn<Victim>();
  auto counter = runtime().spawn<Counter>(1);
  died(victim.call<&Victim::segfault>());
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

TEST_F(Death, DuringTheConstructorIsAStartErrorThatTellsAsMuch) {
  try {
    runtime().spawn<Exiting>(7);
    FAIL();
  } catch (const StartError& error) {
    EXPECT_NE(std::string(error.what()).find("exited with code 7 while the constructor of "), std::string::npos) << error.what();
    EXPECT_EQ(error.cause().exit_code, 7);
  }
  try {
    runtime().spawn<CrashingInside>();
    FAIL();
  } catch (const StartError& error) {
    EXPECT_NE(std::string(error.what()).find("(SIGSEGV) at address 0x8 while the constructor of "), std::string::npos)
        << error.what();
    EXPECT_EQ(error.cause().fault_address, 8u);
    EXPECT_NE(error.cause().backtrace.find("Victim::segfault() at "), std::string::npos) << error.cause().backtrace;
  }
}

TEST_F(Death, DuringTheDestructorNamesIt) {
  auto actor = runtime().spawn<HangingAtTheEnd>();
  std::promise<Down> seen;
  actor.on_down([&](const Down& down) { seen.set_value(down); });
  actor.stop(std::chrono::milliseconds(10));
  const DeathCause cause = seen.get_future().get().cause;
  EXPECT_EQ(cause.kind, DeathKind::killed_by_us);
  EXPECT_NE(cause.method.find("destructor of troupe::test::HangingAtTheEnd"), std::string::npos) << cause.text();
  EXPECT_NE(cause.text().find("; it did not stop within its grace"), std::string::npos) << cause.text();
}

TEST_F(Death, OfAStackOverflowSaysSoInACallbackToo) {
  auto victim = runtime().spawn<Victim>();
  const DeathCause in_method = died(victim.call<&Victim::overflow>()).cause();
  EXPECT_EQ(in_method.signal, SIGSEGV);
  EXPECT_NE(in_method.fault_address, 0u);
  EXPECT_EQ(in_method.detail, "its stack has overflowed");
  EXPECT_NE(in_method.backtrace.find("Victim::recurse(int) at "), std::string::npos) << in_method.backtrace;
  victim = runtime().spawn<Victim>();
  const auto counter = runtime().spawn<Counter>(1);
  const DeathCause in_callback = died(victim.call<&Victim::overflow_in_callback>(counter)).cause();
  EXPECT_EQ(in_callback.detail, "its stack has overflowed") << in_callback.text();
  EXPECT_NE(in_callback.backtrace.find("Victim::recurse(int) at "), std::string::npos) << in_callback.backtrace;
}

class Exceptions : public testing::RuntimeTest {};

TEST_F(Exceptions, ArriveAsTheirOwnTypeAndAsRemoteError) {
  auto thrower = runtime().spawn<Thrower>();
  EXPECT_THROW(thrower.call<&Thrower::out_of_range>().get(), std::out_of_range);
  try {
    thrower.call<&Thrower::out_of_range>().get();
    FAIL();
  } catch (const RemoteError& error) {
    EXPECT_EQ(error.type_name(), "std::out_of_range");
    EXPECT_EQ(error.text(), "index 5");
    EXPECT_EQ(error.pid(), thrower.pid());
  }
  EXPECT_THROW(thrower.call<&Thrower::registered>().get(), Registered);
  EXPECT_EQ(thrower.call<&Thrower::fine>().get(), 1);
}

TEST_F(Exceptions, OfUnknownTypesArriveAsRemoteException) {
  auto thrower = runtime().spawn<Thrower>();
  try {
    thrower.call<&Thrower::unregistered>().get();
    FAIL();
  } catch (const RemoteException& error) {
    EXPECT_NE(error.type_name().find("Unregistered"), std::string::npos);
    EXPECT_EQ(error.text(), "who knows");
  }
  EXPECT_THROW(thrower.call<&Thrower::number>().get(), RemoteException);
}

class Talking : public testing::RuntimeTest {};

TEST_F(Talking, ActorsCallActorsThroughProxiesTheyWereGiven) {
  auto counter = runtime().spawn<Counter>(0);
  auto caller = runtime().spawn<Caller>(counter);
  EXPECT_EQ(caller.call<&Caller::add_twice>(2).get(), 4);
  EXPECT_EQ(counter.call<&Counter::get>().get(), 4);
}

TEST_F(Talking, ProxiesAreArgumentsAndResults) {
  auto counter = runtime().spawn<Counter>(0);
  auto caller = runtime().spawn<Caller>();
  caller.call<&Caller::set>(counter).get();
  EXPECT_EQ(caller.call<&Caller::give>().get(), counter);
  EXPECT_EQ(caller.call<&Caller::add_twice>(1).get(), 2);
}

TEST_F(Talking, AnActorMeetsTheDeathOfAnother) {
  auto counter = runtime().spawn<Counter>(0);
  auto caller = runtime().spawn<Caller>(counter);
  EXPECT_EQ(caller.call<&Caller::add_twice>(1).get(), 2);
  counter.kill();
  counter.wait();
  EXPECT_THROW(caller.call<&Caller::add_twice>(1).get(), RemoteException);
}

}  // namespace
}  // namespace troupe::test
