// SPDX-License-Identifier: BSL-1.0
#include "manager/death_judge.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <limits>
#include <string>

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
  facts.was_killed = asked != Asked::nothing;
  return facts;
}

// It had been asked to, and was killed by somebody else.
DeathFacts killed_in_its_grace(int signal, Asked asked) {
  DeathFacts facts = killed(signal, asked);
  facts.was_killed = false;
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

TEST(DeathJudge, SigkillWithinAGraceIsNotOurs) {
  for (const Asked asked : {Asked::stop, Asked::restart, Asked::linked}) {
    DeathFacts facts = killed_in_its_grace(SIGKILL, asked);
    facts.linked_end = "the other's end";
    EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
    EXPECT_NE(judge_death(facts).detail.find("the SIGKILL came from "), std::string::npos);
    facts.was_memory_kill = platform::MemoryKills::Answer::yes;
    EXPECT_EQ(judge_death(facts).kind, DeathKind::out_of_memory);
    facts.was_overdue = true;
    EXPECT_NE(judge_death(facts).kind, DeathKind::out_of_memory);
  }
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

TEST(DeathJudge, OneThatExitedForWantOfMemorySaysSo) {
  DeathFacts facts = exited(1);
  facts.wanted_memory = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::out_of_memory);
  EXPECT_EQ(judge_death(facts).detail, "it could get no more memory");
  facts.status.exit_code = 0;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::exit_code);
}

TEST(DeathJudge, WantOfMemoryUnderALimitNamesTheLimit) {
  DeathFacts facts = killed(SIGABRT);
  facts.fatal_signal = SIGABRT;
  facts.lacked_memory = true;
  facts.last_words = "words";
  facts.limits.memory_bytes = 3 << 19;
  EXPECT_EQ(judge_death(facts).detail, "words; its limit (SpawnOptions::limits.memory) was 1.5 MiB");
}

TEST(DeathJudge, ACrashWithoutMemoryStaysACrashAndSaysSo) {
  DeathFacts facts = killed(SIGSEGV);
  facts.fatal_signal = SIGSEGV;
  facts.had_no_memory = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
  EXPECT_EQ(judge_death(facts).detail, "it could get no more memory");
  facts.limits.memory_bytes = 1 << 20;
  EXPECT_EQ(judge_death(facts).detail, "it could get no more memory; its limit (SpawnOptions::limits.memory) was 1 MiB");
}

TEST(DeathJudge, ACrashWithMemoryLeftDoesNotSpeakOfItsLimit) {
  DeathFacts facts = killed(SIGSEGV);
  facts.fatal_signal = SIGSEGV;
  facts.limits.memory_bytes = 1 << 20;
  EXPECT_EQ(judge_death(facts).detail, "");
}

TEST(DeathJudge, ProcessorTimeRunsOutWithItsSignal) {
  DeathFacts facts = killed(SIGXCPU);
  EXPECT_EQ(judge_death(facts).kind, DeathKind::out_of_cpu_time);
  EXPECT_EQ(judge_death(facts).signal, SIGXCPU);
  EXPECT_EQ(judge_death(facts).detail, "");
  facts.limits.cpu_seconds = 2;
  EXPECT_EQ(judge_death(facts).detail, "its limit (SpawnOptions::limits.cpu_time) was 2 s");
}

TEST(DeathJudge, ProcessorTimeRunsOutWithSigkillForWhoDidNotListen) {
  DeathFacts facts = killed(SIGKILL);
  facts.limits.cpu_seconds = 2;
  facts.own_time_us = 2'000'000;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::out_of_cpu_time);
  facts.asked = Asked::stop;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::out_of_cpu_time);
  facts.was_killed = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::killed_by_us);
  facts.asked = Asked::nothing;
  facts.was_killed = false;
  facts.own_time_us = 1'500'000;
  facts.usage = {.user_time_us = 9'000'000};  // its children's
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
  facts.own_time_us = 2'000'000;
  facts.limits.cpu_seconds = 0;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
}

TEST(DeathJudge, OneThatACallerEndedByForceWasKilledByUs) {
  DeathFacts facts = killed(SIGKILL);
  facts.was_ended_by_caller = true;
  facts.was_memory_kill = platform::MemoryKills::Answer::perhaps;
  const DeathCause cause = judge_death(facts);
  EXPECT_EQ(cause.kind, DeathKind::killed_by_us);
  EXPECT_EQ(cause.detail, "a caller cancelled the call that ran, by force (AsyncResult::cancel)");
}

TEST(DeathJudge, ProcessorTimeRunsOutWithSigkillUnderAnInheritedLimit) {
  DeathFacts facts = killed(SIGKILL);
  facts.inherited_cpu_seconds = 2;
  facts.own_time_us = 1'700'000;  // as it counts ticks, they may be two seconds
  EXPECT_EQ(judge_death(facts).kind, DeathKind::out_of_cpu_time);
  EXPECT_EQ(judge_death(facts).detail, "what starts it may have no more than 2 s (ulimit -t)");
  facts.own_time_us = 1'500'000;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
  facts.own_time_us = 2'000'000;
  facts.limits.cpu_seconds = 3;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
  facts.limits.cpu_seconds = 0;
  facts.inherited_cpu_seconds = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
}

TEST(DeathJudge, AKillByTheKernelIsWantOfMemoryWhereItSaysSo) {
  using Answer = platform::MemoryKills::Answer;
  DeathFacts facts = killed(SIGKILL);
  facts.was_memory_kill = Answer::yes;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::out_of_memory);
  facts.was_memory_kill = Answer::perhaps;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
  EXPECT_NE(judge_death(facts).detail.find("perhaps from the kernel"), std::string::npos);
  facts.was_memory_kill = Answer::no;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
  EXPECT_NE(judge_death(facts).detail.find("came from another process or from itself"), std::string::npos);
  facts.was_memory_kill = Answer::unknown;
  EXPECT_NE(judge_death(facts).detail.find("or from the kernel"), std::string::npos);
}

TEST(DeathJudge, AKillOfOursIsNobodyElses) {
  DeathFacts facts = killed(SIGKILL, Asked::kill);
  facts.was_memory_kill = platform::MemoryKills::Answer::yes;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::killed_by_us);
  EXPECT_EQ(judge_death(facts).detail, "");
}

TEST(DeathJudge, AKillForAFailedStartIsNobodyElses) {
  DeathFacts facts = killed(SIGKILL);
  facts.failed_to_start = true;
  facts.was_memory_kill = platform::MemoryKills::Answer::no;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::start_failure);
  EXPECT_EQ(judge_death(facts).detail, "");
}

TEST(DeathJudge, TellsWhatWasPrintedAndSinceWhenItRan) {
  DeathFacts facts = killed(SIGSEGV);
  facts.method = "Parser::parse";
  facts.method_time = std::chrono::seconds(2);
  facts.stderr_tail = {"one", "two"};
  EXPECT_EQ(judge_death(facts).method_time, std::chrono::seconds(2));
  EXPECT_EQ(judge_death(facts).stderr_tail, facts.stderr_tail);
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
  facts.has_fault_address = true;

  const DeathCause cause = judge_death(facts);

  EXPECT_EQ(cause.kind, DeathKind::signal);
  EXPECT_EQ(cause.signal, SIGBUS);
  EXPECT_EQ(cause.fault_address, 0x1234u);
  EXPECT_TRUE(cause.has_fault_address);
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

TEST(DeathJudge, WhatTheManagerLackedIsNoFaultOfTheActor) {
  DeathFacts facts = killed(SIGKILL);
  facts.lost_touch = "no room";
  facts.was_memory_kill = platform::MemoryKills::Answer::yes;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::killed_by_us);
  EXPECT_EQ(judge_death(facts).detail, "the manager could not go on with it: no room");
  facts.failed_to_start = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::start_failure);
}

TEST(DeathJudge, AThrowingConstructorIsNoExitCode) {
  DeathFacts facts = exited(1);
  facts.constructor_threw = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::uncaught_at_start);
}

TEST(DeathJudge, AThrowingConstructorIsTheReasonAlsoWhenExitHandlersHang) {
  DeathFacts facts = killed(SIGKILL);
  facts.constructor_threw = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::uncaught_at_start);
  facts.failed_to_start = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::uncaught_at_start);
}

TEST(DeathJudge, OneThatHadToBeKilledAtItsStopSaysSo) {
  DeathFacts facts = killed(SIGTERM, Asked::stop);
  facts.was_overdue = true;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::killed_by_us);
  EXPECT_EQ(judge_death(facts).detail, "it did not stop within its grace");
  facts.asked = Asked::nothing;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::killed_by_us);
  EXPECT_EQ(judge_death(facts).detail, "its exit handlers took too long");
  EXPECT_EQ(judge_death(killed(SIGKILL, Asked::stop)).detail, "");
  EXPECT_EQ(judge_death(killed_in_its_grace(SIGTERM, Asked::stop)).kind, DeathKind::signal);
  EXPECT_EQ(judge_death(killed(SIGKILL, Asked::kill)).detail, "");
}

TEST(DeathJudge, OneThatHungTellsForHowLongAndWhere) {
  DeathFacts facts = killed(SIGKILL, Asked::hung);
  facts.in_method_for = std::chrono::milliseconds(5250);
  facts.backtrace = "its stack";
  const DeathCause cause = judge_death(facts);
  EXPECT_EQ(cause.kind, DeathKind::hung);
  EXPECT_EQ(cause.backtrace, "its stack");
  EXPECT_EQ(cause.detail, "it had been in that call for 5.2 s at least (SpawnOptions::hang)");
}

TEST(DeathJudge, OneThatCrashedBeforeItWasKilledAsHungHasCrashed) {
  DeathFacts facts = killed(SIGKILL, Asked::hung);
  facts.fatal_signal = SIGABRT;
  EXPECT_EQ(judge_death(facts).kind, DeathKind::signal);
  EXPECT_EQ(judge_death(killed(SIGABRT, Asked::hung)).kind, DeathKind::signal);
  EXPECT_EQ(judge_death(exited(3, Asked::hung)).kind, DeathKind::exit_code);
}

TEST(DeathJudge, OneThatHadToFollowAnotherSaysWhom) {
  for (DeathFacts facts : {exited(0, Asked::linked), killed(SIGKILL, Asked::linked)}) {
    facts.linked_end = "the other's end";
    EXPECT_EQ(judge_death(facts).kind, DeathKind::linked);
    EXPECT_EQ(judge_death(facts).detail, "the other's end");
  }
  EXPECT_EQ(judge_death(killed(SIGSEGV, Asked::linked)).kind, DeathKind::signal);
  EXPECT_EQ(judge_death(exited(3, Asked::linked)).kind, DeathKind::exit_code);
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
