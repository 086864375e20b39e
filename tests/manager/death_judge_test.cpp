// SPDX-License-Identifier: BSL-1.0
#include "manager/death_judge.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace troupe::manager {
namespace {

DeathFacts exited(int code, Asked asked = Asked::nothing) {
  DeathFacts facts;
  facts.status.exit_code = code;
  facts.asked = asked;
  return facts;
}

DeathFacts killed(int signal, Asked asked = Asked::nothing) {
  DeathFacts facts;
  facts.status.signal = signal;
  facts.asked = asked;
  return facts;
}

TEST(DeathJudge, AnExitIsAnExitWhateverItsCode) {
  EXPECT_EQ(judge_death(exited(0)).kind, DeathKind::exit_code);
  EXPECT_EQ(judge_death(exited(7)).kind, DeathKind::exit_code);
  EXPECT_EQ(judge_death(exited(7)).exit_code, 7);
}

TEST(DeathJudge, StoppedMeansAskedAndWithoutComplaint) {
  EXPECT_EQ(judge_death(exited(0, Asked::stop)).kind, DeathKind::stopped);
  EXPECT_EQ(judge_death(exited(3, Asked::stop)).kind, DeathKind::exit_code);
}

TEST(DeathJudge, SigkillIsOursOnlyIfWeWereAsked) {
  EXPECT_EQ(judge_death(killed(SIGKILL)).kind, DeathKind::signal);
  EXPECT_EQ(judge_death(killed(SIGKILL, Asked::kill)).kind, DeathKind::killed_by_us);
  EXPECT_EQ(judge_death(killed(SIGKILL, Asked::stop)).kind, DeathKind::killed_by_us);
  EXPECT_EQ(judge_death(killed(SIGKILL, Asked::parent_gone)).kind, DeathKind::parent_gone);
  EXPECT_EQ(judge_death(killed(SIGKILL, Asked::give_up)).kind, DeathKind::start_failure);
}

TEST(DeathJudge, ACrashWhileStoppingIsACrash) {
  EXPECT_EQ(judge_death(killed(SIGSEGV, Asked::stop)).kind, DeathKind::signal);
  EXPECT_EQ(judge_death(killed(SIGABRT, Asked::kill)).kind, DeathKind::signal);
}

TEST(DeathJudge, ACrashBringsWhatItsProcessLeft) {
  DeathFacts facts = killed(SIGABRT);
  facts.fatal_signal = SIGABRT;
  facts.backtrace = "file+0x10\n";
  facts.last_words = "an assertion";

  const DeathCause cause = judge_death(facts);

  EXPECT_EQ(cause.kind, DeathKind::signal);
  EXPECT_EQ(cause.backtrace, "file+0x10\n");
  EXPECT_EQ(cause.detail, "an assertion");
}

TEST(DeathJudge, AFaultInTheHandlerHidesNoCrash) {
  DeathFacts facts = killed(SIGSEGV);
  facts.fatal_signal = SIGABRT;
  facts.last_words = "an assertion";
  EXPECT_EQ(judge_death(facts).signal, SIGABRT);
  EXPECT_EQ(judge_death(facts).detail, "an assertion");
}

TEST(DeathJudge, OneThatGaveUpForWantOfMemorySaysSo) {
  DeathFacts facts = killed(SIGABRT);
  facts.fatal_signal = SIGABRT;
  facts.lacked_memory = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::out_of_memory);
  EXPECT_EQ(judge_death(facts).signal, SIGABRT);
}

TEST(DeathJudge, WhatALivingProcessHasWrittenThereIsNoCause) {
  DeathFacts facts = exited(3);
  facts.backtrace = "file+0x10\n";
  facts.last_words = "an assertion";
  facts.lacked_memory = true;

  const DeathCause cause = judge_death(facts);

  EXPECT_EQ(cause.kind, DeathKind::exit_code);
  EXPECT_EQ(cause.backtrace + cause.detail, "");
}

TEST(DeathJudge, ACrashThatWasCutShortKeepsItsSignal) {
  DeathFacts facts = killed(SIGKILL, Asked::kill);
  facts.fatal_signal = SIGBUS;
  facts.fault_address = 0x1234;

  const DeathCause cause = judge_death(facts);

  EXPECT_EQ(cause.kind, DeathKind::signal);
  EXPECT_EQ(cause.signal, SIGBUS);
  EXPECT_EQ(cause.fault_address, 0x1234u);
}

TEST(DeathJudge, TheKernelIsBelievedRatherThanTheHost) {
  DeathFacts facts = exited(0);
  facts.fatal_signal = SIGSEGV;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::exit_code);

  facts = killed(SIGFPE);
  facts.fatal_signal = SIGSEGV;
  EXPECT_EQ(judge_death(facts).signal, SIGFPE);
}

TEST(DeathJudge, AViolationStandsOverHowItEnded) {
  DeathFacts facts = killed(SIGKILL);
  facts.violation = "nonsense";
  EXPECT_EQ(judge_death(facts).kind, DeathKind::protocol_violation);
  EXPECT_EQ(judge_death(facts).detail, "nonsense");
}

TEST(DeathJudge, AThrowingConstructorIsNoExitCode) {
  DeathFacts facts = exited(1);
  facts.constructor_threw = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::uncaught_at_start);
}

TEST(DeathJudge, OneThatHadToBeKilledAtItsStopSaysSo) {
  EXPECT_EQ(judge_death(killed(SIGKILL, Asked::stop)).detail, "it did not stop within its grace");
  EXPECT_EQ(judge_death(killed(SIGKILL, Asked::kill)).detail, "");
}

TEST(DeathJudge, AFaultThatItsHandlerWasNotToldOfSaysWhyThatMayBe) {
  DeathFacts facts = killed(SIGSEGV);
  EXPECT_EQ(judge_death(facts).detail, "");
  facts.has_handler = true;
  EXPECT_NE(judge_death(facts).detail.find("overflowed its stack"), std::string::npos);
  facts.fatal_signal = SIGSEGV;
  facts.last_words = "its own words";
  EXPECT_EQ(judge_death(facts).detail, "its own words");
}

TEST(DeathJudge, WhatIsLostIsUnknown) {
  DeathFacts facts = exited(0, Asked::stop);
  facts.is_status_known = false;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::unknown);
}

TEST(DeathJudge, HandsOnTheCircumstances) {
  DeathFacts facts = killed(SIGSEGV);
  facts.method = "Counter::add";
  facts.incarnation = 3;
  facts.usage.user_time_us = 5;

  const DeathCause cause = judge_death(facts);

  EXPECT_EQ(cause.method, "Counter::add");
  EXPECT_EQ(cause.incarnation, 3u);
  EXPECT_EQ(cause.resource_usage.user_time_us, 5u);
}

}  // namespace
}  // namespace troupe::manager
