// SPDX-License-Identifier: BSL-1.0
#include "host/dispatcher.hpp"

#include <troupe/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/host/stage.hpp"

namespace troupe::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::ReplyKind;

void throw_error(void*, detail::Invocation& invocation) {
  invocation.entered();
  throw std::out_of_range("no such thing");
}

void throw_number(void*, detail::Invocation& invocation) {
  invocation.entered();
  throw 42;
}

void throw_much(void*, detail::Invocation& invocation) {
  invocation.entered();
  throw std::runtime_error(std::string(1'000'000, 'x'));
}

void fail_to_decode(void* actor, detail::Invocation& invocation) {
  if (argument_of(invocation) == 0) throw SerializationError("three bytes are missing");
  note(actor, invocation);
}

void fail_to_encode(void* actor, detail::Invocation& invocation) {
  note(actor, invocation);
  std::byte* place = invocation.reply(100);
  std::memset(place, 0, 100);
  throw SerializationError("it holds a file", Direction::result);
}

TEST(Dispatcher, AnswersACall) {
  Stage stage;
  Client client = stage.open();
  const auto reply = client.ask(method<&add_one>(), 41);
  EXPECT_EQ(reply.kind, ReplyKind::value);
  EXPECT_EQ(reply.number(), 42);
}

TEST(Dispatcher, AnswersAMethodWithoutResult) {
  Stage stage;
  Client client = stage.open();
  const auto reply = client.ask(method<&note>(), 7);
  EXPECT_EQ(reply.kind, ReplyKind::value);
  EXPECT_TRUE(reply.payload.empty());
}

TEST(Dispatcher, KeepsTheOrderOfOneSender) {
  Stage stage;
  Client client = stage.open();
  client.tell(method<&note>(), 1);
  client.call(method<&note>(), 2);
  client.tell(method<&note>(), 3);
  client.call(method<&note>(), 4);
  client.wait_reply();
  client.wait_reply();
  stage.stop();
  EXPECT_THAT(stage.recorder().seen, ElementsAre(1, 2, 3, 4));
}

TEST(Dispatcher, RunsManyMoreTellsThanThereAreSlots) {
  Stage stage;
  Client client = stage.open(4);
  for (int i = 0; i < 1000; ++i) client.tell(method<&note>(), i);
  stage.stop();
  EXPECT_EQ(stage.recorder().seen.size(), 1000u);
  EXPECT_EQ(stage.recorder().seen.back(), 999);
}

TEST(Dispatcher, AnswersManyMoreCallsThanThereAreSlots) {
  Stage stage;
  Client client = stage.open(4);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(client.ask(method<&add_one>(), i).number(), i + 1);
}

TEST(Dispatcher, CountsCallsAndTellsWhenTheirReplyIsOut) {
  Stage stage;
  Client client = stage.open();
  client.tell(method<&note>(), 1);
  client.ask(method<&add_one>(), 1);
  EXPECT_EQ(stage.status().calls_handled.load(), 2u);
}

// So that who looks at the page can tell one turn from the next.
TEST(Dispatcher, CountsApartWhatDoesNotComeToRun) {
  Stage stage;
  Client client = stage.open();
  EXPECT_EQ(client.ask(method<&fail_to_decode>(), 0).kind, ReplyKind::undecodable);
  EXPECT_EQ(stage.status().calls_handled.load(), 0u);
  EXPECT_EQ(stage.status().calls_refused.load(), 1u);
}

TEST(Dispatcher, TellsWhichMethodRuns) {
  Stage stage;
  Client client = stage.open();
  client.call(method<&hold>(), 1);
  stage.wait_held();
  EXPECT_EQ(stage.status().running_method.load(), method<&hold>().value + 1);
  stage.let_go();
  client.wait_reply();
  EXPECT_EQ(stage.status().running_method.load(), 0u);
}

TEST(Dispatcher, AnswersWithWhatTheMethodThrew) {
  Stage stage;
  Client client = stage.open();
  const auto reply = client.ask(method<&throw_error>(), 0);
  EXPECT_EQ(reply.kind, ReplyKind::exception);
  EXPECT_THAT(reply.text(), HasSubstr("no such thing"));
}

TEST(Dispatcher, AnswersWithWhatIsNoStdException) {
  Stage stage;
  Client client = stage.open();
  EXPECT_EQ(client.ask(method<&throw_number>(), 0).kind, ReplyKind::exception);
  EXPECT_EQ(client.ask(method<&add_one>(), 1).number(), 2);
}

TEST(Dispatcher, CutsTheTextOfAnExceptionThatIsTooLong) {
  Stage stage;
  Client client = stage.open();
  const auto reply = client.ask(method<&throw_much>(), 0);
  EXPECT_EQ(reply.kind, ReplyKind::exception);
  EXPECT_THAT(reply.text(), HasSubstr("xxxx"));
}

TEST(Dispatcher, LogsWhatAOneWayMessageThrew) {
  testing::internal::CaptureStderr();
  Stage stage;
  Client client = stage.open();
  client.tell(method<&throw_error>(), 0);
  client.tell(method<&throw_number>(), 0);
  stage.stop();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("throw_error"));
  EXPECT_THAT(log, HasSubstr("std::out_of_range: no such thing\n"));
  EXPECT_THAT(log, HasSubstr("int\n"));
}

TEST(Dispatcher, SaysWhyArgumentsCannotBeDecoded) {
  Stage stage;
  Client client = stage.open();
  const auto reply = client.ask(method<&fail_to_decode>(), 0);
  stage.stop();
  EXPECT_EQ(reply.kind, ReplyKind::undecodable);
  EXPECT_THAT(reply.text(), HasSubstr("three bytes are missing"));
  EXPECT_THAT(stage.recorder().seen, ElementsAre());
}

TEST(Dispatcher, SaysWhyAResultCannotBeEncoded) {
  Stage stage;
  Client client = stage.open();
  const auto reply = client.ask(method<&fail_to_encode>(), 5);
  stage.stop();
  EXPECT_EQ(reply.kind, ReplyKind::unencodable);
  EXPECT_THAT(reply.text(), HasSubstr("it holds a file"));
  EXPECT_THAT(stage.recorder().seen, ElementsAre(5));
}

TEST(Dispatcher, RefusesAResultThatNoChannelCarries) {
  Stage stage;
  Client client = stage.open();
  const auto reply = client.ask(method<&fill>(), 1'100'000);
  EXPECT_EQ(reply.kind, ReplyKind::unencodable);
  EXPECT_THAT(reply.text(), HasSubstr("1100000 bytes"));
}

TEST(Dispatcher, SaysThatThereIsNoSuchMethod) {
  Stage stage;
  Client client = stage.open();
  EXPECT_EQ(client.ask({0xffffffff}, 0).kind, ReplyKind::no_method);
  EXPECT_EQ(client.ask(wire::MethodId::of(0, 0xffff), 0).kind, ReplyKind::no_method);
}

void touch(void* actor, detail::Invocation& invocation) {
  invocation.entered();
  static_cast<Stranger*>(actor)->untouched = 1;
}

TEST(Dispatcher, TellsOfEachLeasedEnvelopeWhateverBecomesOfIt) {
  using wire::RequestKind;
  Stage stage;
  Client client = stage.open();
  client.tell(method<&hold>(), 0);
  stage.wait_held();
  client.send_leased(RequestKind::call, method<&add_one>(), 1, 11);
  client.send_leased(RequestKind::tell, method<&note>(), 2, 12);
  client.send_leased(RequestKind::tell, method<&note>(), 3, 13, 1);               // too late
  client.send_leased(RequestKind::tell, wire::MethodId::of(0, 0xffffff), 4, 14);  // no such method
  const auto cancelled = client.send_leased(RequestKind::call, method<&note>(), 5, 15);
  EXPECT_EQ(client.end().withdraw(cancelled, wire::SlotState::cancelled), Execution::not_started);
  stage.let_go();
  EXPECT_EQ(client.wait_reply().number(), 2);
  EXPECT_EQ(client.wait_reply().kind, ReplyKind::skipped);
  stage.stop();
  EXPECT_THAT(stage.leases_read(), ElementsAre(11, 12, 13, 14, 15));
  EXPECT_THAT(stage.recorder().seen, ElementsAre(0, 2));
}

TEST(Dispatcher, TellsWhenAChannelIsReadNoMore) {
  Stage stage;
  Client client = stage.open();
  client.tell(method<&hold>(), 0);
  stage.wait_held();
  client.send_leased(wire::RequestKind::tell, method<&note>(), 1, 11);
  stage.close(stage.last_number());
  stage.close(4711);  // one that has been let go of before
  stage.let_go();
  wait_until([&] { return !client.is_served(); });
  stage.stop();
  EXPECT_THAT(stage.closed(), ElementsAre(1, 4711));
}

TEST(Dispatcher, NeverShowsItsActorToAMethodOfAnotherClass) {
  Stage stage;
  Client client = stage.open();
  EXPECT_EQ(client.ask(method<&touch, Stranger>(), 0).kind, ReplyKind::no_method);
  EXPECT_EQ(client.ask(method<&touch, Stranger>(), 0).kind, ReplyKind::no_method);
}

}  // namespace
}  // namespace troupe::host
