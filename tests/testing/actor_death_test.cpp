// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest-spi.h>
#include <troupe/testing.hpp>

#include <csignal>
#include <stdexcept>

#include "actors.hpp"

namespace troupe::testing::test {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ExpectActorDies : public RuntimeTest {};

TEST_F(ExpectActorDies, HoldsWhenACallDiesOfTheSignal) {
  const auto store = runtime().spawn<Store>();
  EXPECT_ACTOR_DIES(store.call<&Store::segfault>().get(), DiedOf(SIGSEGV));
  EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(DeathKind::signal)) << "a later call fails for the same reason";
}

TEST_F(ExpectActorDies, HoldsWhenACallEndsTheProcess) {
  const auto store = runtime().spawn<Store>();
  ASSERT_ACTOR_DIES(store.call<&Store::quit>(7).get(), ExitedWith(7));
}

TEST_F(ExpectActorDies, HoldsWhenTheConstructorDies) {
  EXPECT_ACTOR_DIES(runtime().spawn<Store>(Armed{{"store.open", Fail::exit(3)}}, 1), ExitedWith(3));
}

TEST_F(ExpectActorDies, HoldsForAMessageToADeadActor) {
  const auto store = runtime().spawn<Store>();
  EXPECT_ACTOR_DIES(store.call<&Store::quit>(7).get(), _);
  EXPECT_ACTOR_DIES(store.tell<&Store::put>(1), ExitedWith(7));
}

TEST_F(ExpectActorDies, TakesAnyMatcherOnTheCause) {
  const auto store = runtime().spawn<Store>();
  EXPECT_ACTOR_DIES(store.call<&Store::segfault>().get(),
                    AllOf(DiedOf(SIGSEGV), DiedIn(HasSubstr("Store::segfault")), DiedSaying(HasSubstr("SIGSEGV")),
                          Not(ExitedWith(0)), Not(DiedOf(DeathKind::out_of_memory))));
}

TEST_F(ExpectActorDies, SaysThatNothingHasDied) {
  const auto store = runtime().spawn<Store>();
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(SIGSEGV)), "no actor had died");
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(SIGSEGV)),
                          "Statement: store.call<&Store::put>(1).get()");
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(store.call<&Store::put>(1).get(), DiedOf(SIGSEGV)),
                          "an actor's death whose cause is signal 11 (SIGSEGV)");
}

TEST_F(ExpectActorDies, SaysThatACallWhoseResultNobodyReadsHasNotFailed) {
  const auto store = runtime().spawn<Store>();
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(store.call<&Store::segfault>(), DiedOf(SIGSEGV)), "before its result is read");
}

TEST_F(ExpectActorDies, SaysOfWhatElseItDied) {
  const auto store = runtime().spawn<Store>();
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(store.call<&Store::quit>(7).get(), DiedOf(SIGSEGV)),
                          "an actor died: exited with code 7 while troupe::testing::test::Store::quit ran");
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(store.call<&Store::quit>(7).get(), ExitedWith(8)),
                          "whose cause is an exit with code 8");
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(store.call<&Store::quit>(7).get(), DiedOf(DeathKind::out_of_memory)),
                          "whose cause is \"out of memory\"");
}

TEST_F(ExpectActorDies, NamesAnotherException) {
  const auto store = runtime().spawn<Store>();
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(store.call<&Store::refuse>().get(), _), "it threw std::out_of_range: index 5");
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(throw std::runtime_error("ours"), _), "it threw std::runtime_error: ours");
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(throw 7, _), "it threw int");
}

TEST_F(ExpectActorDies, CountsNoDeathThatAnotherActorMet) {
  const auto store = runtime().spawn<Store>();
  arm(store, "store.before_put", Fail::crash());
  const auto clerk = runtime().spawn<Clerk>();
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(clerk.call<&Clerk::put>(store, 1).get(), _), "it threw troupe::ActorDied");
}

TEST_F(ExpectActorDies, CountsNoExceptionOfAConstructor) {
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(runtime().spawn<Store>(Armed{{"store.open", Fail::throw_("shut")}}, 1), _),
                          "it threw std::runtime_error: shut");
}

TEST_F(ExpectActorDies, CountsNoStartThatNoProcessDiedOf) {
  EXPECT_NONFATAL_FAILURE(EXPECT_ACTOR_DIES(runtime().spawn<Store>({.working_directory = "/nowhere"}, 1), _),
                          "it threw troupe::StartError");
}

TEST_F(ExpectActorDies, IsFatalInItsOtherForm) { EXPECT_FATAL_FAILURE(ASSERT_ACTOR_DIES((void)0, _), "no actor had died"); }

TEST_F(ExpectActorDies, IsOneStatement) {
  const auto store = runtime().spawn<Store>();
  if (store)
    EXPECT_ACTOR_DIES(store.call<&Store::quit>(7).get(), _);
  else
    FAIL() << "this else is the outer one's";
}

}  // namespace
}  // namespace troupe::testing::test
