// SPDX-License-Identifier: BSL-1.0
// What errors say of a worker's death, of which the report comes later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/error.hpp>

#include <csignal>
#include <exception>
#include <memory>
#include <string>

#include "base/death_report.hpp"
#include "pool/crew_errors.hpp"

namespace troupe::pool {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class WorkerDied : public ::testing::Test {
 protected:
  void complete() const {
    DeathCause cause;
    cause.kind = DeathKind::signal;
    cause.signal = SIGKILL;
    report->complete(cause);
  }

  const std::shared_ptr<detail::DeathReport> report = std::make_shared<detail::DeathReport>();
  const WorkerDiedError error{"a worker of the pool", 7, ActorDied("an actor died", Execution::maybe, report)};
};

TEST_F(WorkerDied, SaysHowToWhoAsksAgain) {
  const char* const early = error.what();
  const std::string said = early;
  EXPECT_THAT(said, AllOf(HasSubstr("a worker of the pool (pid 7) died"), Not(HasSubstr("signal 9"))));
  const WorkerDiedError copy = error;
  complete();
  EXPECT_THAT(error.what(), HasSubstr("signal 9"));
  EXPECT_STREQ(error.what(), copy.what());
  EXPECT_EQ(early, said) << "what was said stays where it was";
}

TEST_F(WorkerDied, IsWhyThePoolIsBrokenInTheSameWords) {
  const std::exception_ptr why = without_workers(std::make_exception_ptr(error));
  complete();
  try {
    std::rethrow_exception(why);
  } catch (const BrokenExecutorError& broken) {
    EXPECT_THAT(broken.what(), AllOf(HasSubstr("the pool is broken"), HasSubstr(error.what())));
  }
}

}  // namespace
}  // namespace troupe::pool
