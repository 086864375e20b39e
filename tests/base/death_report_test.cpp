// SPDX-License-Identifier: BSL-1.0
#include "base/death_report.hpp"

#include <gtest/gtest.h>
#include <troupe/error.hpp>

#include <chrono>
#include <memory>
#include <thread>

namespace troupe::detail {
namespace {

using namespace std::chrono_literals;

const DeathCause kSignal{.kind = DeathKind::signal, .signal = 11};
const DeathCause kExit{.kind = DeathKind::exit_code, .exit_code = 7};

TEST(DeathReport, GivesWhatItWasCompletedWith) {
  DeathReport report;
  report.complete(kSignal);
  EXPECT_EQ(report.wait(Timeout()).signal, 11);
}

TEST(DeathReport, KeepsItsFirstCompletion) {
  DeathReport report;
  report.complete(kSignal);
  report.complete(kExit);
  report.note(kExit);
  EXPECT_EQ(report.wait(Timeout()).kind, DeathKind::signal);
}

TEST(DeathReport, GivesWhatIsKnownSoFarWhenTheTimeIsOver) {
  DeathReport report;
  report.note(kExit);
  EXPECT_EQ(report.wait(0ms).exit_code, 7);
}

TEST(DeathReport, IsUnknownWhenNothingIsKnown) {
  const DeathReport report;
  EXPECT_EQ(report.wait(0ms).kind, DeathKind::unknown);
}

TEST(DeathReport, LetsAllWaitersGoWhenItIsCompleted) {
  DeathReport report;
  DeathCause first;
  DeathCause second;
  std::jthread one([&] { first = report.wait(Timeout()); });
  std::jthread two([&] { second = report.wait(Timeout()); });
  report.note(kExit);
  report.complete(kSignal);
  one.join();
  two.join();
  EXPECT_EQ(first.kind, DeathKind::signal);
  EXPECT_EQ(second.kind, DeathKind::signal);
}

TEST(ActorDied, GivesTheCauseOfItsReport) {
  const auto report = std::make_shared<DeathReport>();
  report->complete(kSignal);
  const ActorDied error("it died", Execution::maybe, report);
  EXPECT_EQ(error.cause().signal, 11);
  EXPECT_EQ(error.execution(), Execution::maybe);
}

TEST(ActorDied, HasAnUnknownCauseWithoutAReport) {
  const ActorDied error("it died", Execution::not_started, nullptr);
  EXPECT_EQ(error.cause().kind, DeathKind::unknown);
}

}  // namespace
}  // namespace troupe::detail
