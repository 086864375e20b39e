// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/host/stage.hpp"

// What the host makes of calls that the client has taken back, or whose time is up.
namespace troupe::host {
namespace {

using testing::ElementsAre;
using wire::ReplyKind;
using wire::SlotState;

constexpr std::int64_t kLongAgo = 1;

std::int64_t in_an_hour() {
  return (std::chrono::steady_clock::now().time_since_epoch() + std::chrono::hours(1)) / std::chrono::nanoseconds(1);
}

TEST(DispatcherVerdict, DoesNotRunWhatIsPastItsDeadline) {
  Stage stage;
  Client client = stage.open();
  client.call(method<&note>(), 1, kLongAgo);
  EXPECT_EQ(client.wait_reply().kind, ReplyKind::expired);
  stage.stop();
  EXPECT_THAT(stage.recorder().seen, ElementsAre());
  EXPECT_EQ(stage.status().calls_handled.load(), 0u);
}

TEST(DispatcherVerdict, RunsWhatIsBeforeItsDeadline) {
  Stage stage;
  Client client = stage.open();
  client.call(method<&note>(), 1, in_an_hour());
  EXPECT_EQ(client.wait_reply().kind, ReplyKind::value);
}

TEST(DispatcherVerdict, DropsAOneWayMessagePastItsDeadline) {
  Stage stage;
  Client client = stage.open(1);
  client.tell(method<&note>(), 1, kLongAgo);
  client.tell(method<&note>(), 2);
  stage.stop();
  EXPECT_THAT(stage.recorder().seen, ElementsAre(2));
}

TEST(DispatcherVerdict, SkipsWhatWasCancelledInTime) {
  Stage stage;
  Client client = stage.open();
  client.call(method<&hold>(), 1);
  stage.wait_held();
  const auto ticket = client.call(method<&note>(), 2);
  client.call(method<&note>(), 3);
  EXPECT_EQ(client.end().withdraw(ticket, SlotState::cancelled), Execution::not_started);
  stage.let_go();
  EXPECT_EQ(client.wait_reply().kind, ReplyKind::value);
  EXPECT_EQ(client.wait_reply().kind, ReplyKind::skipped);
  EXPECT_EQ(client.wait_reply().kind, ReplyKind::value);
  stage.stop();
  EXPECT_THAT(stage.recorder().seen, ElementsAre(1, 3));
}

TEST(DispatcherVerdict, FinishesWhatWasCancelledTooLate) {
  Stage stage;
  Client client = stage.open();
  const auto ticket = client.call(method<&hold>(), 1);
  stage.wait_held();
  EXPECT_EQ(client.end().withdraw(ticket, SlotState::cancelled), Execution::maybe);
  stage.let_go();
  EXPECT_EQ(client.wait_reply().kind, ReplyKind::value);
  EXPECT_EQ(client.end().withdraw(ticket, SlotState::cancelled), Execution::done);
}

TEST(DispatcherVerdict, UsesTheSlotOfACancelledCallAgain) {
  Stage stage;
  Client client = stage.open(2);
  for (int i = 0; i < 50; ++i) {
    client.call(method<&hold>(), i);
    stage.wait_held();
    client.end().withdraw(client.call(method<&note>(), i), SlotState::cancelled);
    stage.let_go();
    EXPECT_EQ(client.wait_reply().kind, ReplyKind::value);
    EXPECT_EQ(client.wait_reply().kind, ReplyKind::skipped);
  }
  stage.stop();
  EXPECT_EQ(stage.recorder().seen.size(), 50u);
}

TEST(DispatcherVerdict, StopsServingAClientThatHasJudgedThisHostDead) {
  Stage stage;
  Client judge = stage.open();
  Client other = stage.open();
  judge.call(method<&hold>(), 1);
  stage.wait_held();
  const auto ticket = judge.call(method<&note>(), 2);
  judge.call(method<&note>(), 3);
  EXPECT_EQ(judge.end().withdraw(ticket, SlotState::taken), Execution::not_started);
  stage.let_go();
  EXPECT_EQ(other.ask(method<&note>(), 4).kind, ReplyKind::value);
  wait_until([&] { return !judge.is_served(); });
  stage.stop();
  EXPECT_THAT(stage.recorder().seen, ElementsAre(1, 4));
  EXPECT_THAT(stage.complaints(), ElementsAre());
}

}  // namespace
}  // namespace troupe::host
