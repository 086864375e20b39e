// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/death.hpp>
#include <troupe/testing/death_outcome.hpp>

#include <ostream>
#include <sstream>
#include <string>
#include <utility>

// The statement makes the process of an actor die, of a cause that the matcher (gmock's, on a const DeathCause&) accepts:
//
//   EXPECT_ACTOR_DIES(parser.call<&Parser::parse>(bad).get(), DiedOf(SIGSEGV));
//   EXPECT_ACTOR_DIES(runtime().spawn<Parser>(bad), AllOf(ExitedWith(7), DiedIn(HasSubstr("Parser"))));
//
// It dies if, and only if, an ActorDied (PoisonMessage included) or a StartError with a cause() leaves the statement: so read the
// result in it; a call whose AsyncResult nobody reads has not failed. What an actor makes of another actor's death does not
// count, it arrives as a RemoteException; nor does an exception that a constructor throws. Otherwise a failure says what happened
// instead. The statement is the body of a lambda that captures by reference. Blocks: for the death's report, a minute at the
// most.
#define EXPECT_ACTOR_DIES(statement, matcher) TROUPE_DETAIL_ACTOR_DIES(statement, matcher, GTEST_NONFATAL_FAILURE_)
// The same, and a failure ends the function that it is in.
#define ASSERT_ACTOR_DIES(statement, matcher) TROUPE_DETAIL_ACTOR_DIES(statement, matcher, GTEST_FATAL_FAILURE_)

#define TROUPE_DETAIL_ACTOR_DIES(statement, matcher, on_failure)                                   \
  GTEST_AMBIGUOUS_ELSE_BLOCKER_                                                                    \
  if (const ::testing::AssertionResult troupe_actor_died = ::troupe::testing::detail::judge_death( \
          #statement, ::troupe::testing::detail::outcome_of([&] { statement; }), matcher))         \
    ;                                                                                              \
  else                                                                                             \
    on_failure(troupe_actor_died.failure_message())

namespace troupe {

inline void PrintTo(const DeathCause& cause, std::ostream* out) { *out << cause.text(); }

namespace testing {

// While a method ran whose name ("Parser::parse", "constructor of Parser") matches; it is empty when none did.
template <class M>
auto DiedIn(M&& name) {
  return ::testing::Field("method", &DeathCause::method, std::forward<M>(name));
}
// With a report, DeathCause::text(), that matches: DiedSaying(HasSubstr("assertion")).
template <class M>
auto DiedSaying(M&& text) {
  return ::testing::Property("text()", &DeathCause::text, std::forward<M>(text));
}

namespace detail {

template <class Statement>
Outcome outcome_of(Statement statement) {
  try {
    statement();
  } catch (...) {
    return outcome_of_exception();
  }
  return outcome_of_normal_end();
}

template <class M>
::testing::AssertionResult judge_death(const char* statement, const Outcome& outcome, const M& matcher) {
  const ::testing::Matcher<const DeathCause&> wanted = ::testing::SafeMatcherCast<const DeathCause&>(matcher);
  ::testing::StringMatchResultListener listener;
  if (outcome.cause && wanted.MatchAndExplain(*outcome.cause, &listener)) return ::testing::AssertionSuccess();
  std::ostringstream text;
  text << "Statement: " << statement << "\n Expected: an actor's death whose cause ";
  wanted.DescribeTo(&text);
  text << "\n   Actual: " << (outcome.cause ? "an actor died: " + outcome.cause->text() : outcome.instead);
  if (!listener.str().empty()) text << ",\n           " << listener.str();
  return ::testing::AssertionFailure() << text.str();
}

}  // namespace detail

}  // namespace testing

}  // namespace troupe
