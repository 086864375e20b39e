// SPDX-License-Identifier: BSL-1.0
#include "host/host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "platform/life_page.hpp"
#include "tests/host/forked_host.hpp"

namespace troupe::host {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using wire::Refusal;

TEST(Host, SaysHelloFirst) {
  ForkedHost host;
  const auto hello = host.receive<wire::Hello>();
  EXPECT_EQ(hello.protocol, wire::kProtocolVersion);
  EXPECT_EQ(hello.pid, host.process().pid());
  EXPECT_EQ(hello.modules.front().path, wire::known_modules().front().path);
}

TEST(Host, ConstructsItsActorAndServesTheFirstChannel) {
  ForkedHost host;
  Client client = host.start(40);
  EXPECT_EQ(client.ask(sum_method(), 2).number(), 42);
}

TEST(Host, ReportsWhatTheConstructorThrewAndEnds) {
  ForkedHost host;
  host.receive<wire::Hello>();
  host.construct(sitter_constructor(), -1, {});
  const auto failed = host.receive<wire::ConstructFailed>();
  EXPECT_EQ(failed.failure.kind, Refusal::constructor_threw);
  EXPECT_THAT(failed.failure.text, HasSubstr("std::invalid_argument: a negative base"));
  EXPECT_FALSE(failed.failure.exception.empty());
  EXPECT_EQ(host.exit_code(), 1);
}

TEST(Host, RefusesAConstructorThatItDoesNotHave) {
  ForkedHost host;
  host.receive<wire::Hello>();
  host.construct({0, 0xffffffff}, 1, {});
  EXPECT_EQ(host.receive<wire::ConstructFailed>().failure.kind, Refusal::incompatible);
  EXPECT_EQ(host.exit_code(), 1);
}

TEST(Host, RefusesAMethodInPlaceOfAConstructor) {
  ForkedHost host;
  host.receive<wire::Hello>();
  host.construct({sum_method().module(), sum_method().rank()}, 1, {});
  EXPECT_EQ(host.receive<wire::ConstructFailed>().failure.kind, Refusal::incompatible);
}

TEST(Host, RefusesArgumentsThatCannotBeDecoded) {
  ForkedHost host;
  const ForkedHost::Opening opening;
  host.receive<wire::Hello>();
  wire::Construct message;
  message.constructor = sitter_constructor();
  message.channel = 1;
  message.offer = opening.offer();
  message.client_modules = wire::known_modules();
  host.send(message, opening.handles());
  const auto failure = host.receive<wire::ConstructFailed>().failure;
  EXPECT_EQ(failure.kind, Refusal::undecodable);
  EXPECT_THAT(failure.text, HasSubstr("that is no int"));
}

TEST(Host, RefusesAWorkingDirectoryThatIsNone) {
  ForkedHost host;
  const ForkedHost::Opening opening;
  host.receive<wire::Hello>();
  wire::Construct message;
  message.constructor = sitter_constructor();
  message.working_directory = "/no/such/place";
  message.channel = 1;
  message.offer = opening.offer();
  message.client_modules = wire::known_modules();
  host.send(message, opening.handles());
  const auto failure = host.receive<wire::ConstructFailed>().failure;
  EXPECT_EQ(failure.kind, Refusal::start_failed);
  EXPECT_THAT(failure.text, HasSubstr("/no/such/place"));
}

TEST(Host, RefusesAChannelWhoseMemoryIsNoChannels) {
  ForkedHost host;
  Client client = host.start(1);
  ForkedHost::Opening tiny;
  tiny.requests = platform::SharedMemory::create("a page", 1);
  tiny.geometry = channel::Geometry::for_mailbox(16, 1 << 20, kMostPayload);
  host.open(2, tiny);
  const auto refused = host.receive<wire::ChannelRefused>();
  EXPECT_EQ(refused.channel, 2u);
  EXPECT_EQ(refused.failure.kind, Refusal::protocol);
  EXPECT_EQ(client.ask(sum_method(), 1).number(), 2);
}

TEST(Host, OpensChannelsWhileItsActorIsBusy) {
  ForkedHost host;
  Client first = host.start(1);
  first.call(sit_tight_method(), 0);
  wait_until([&] { return host.window().started == 1; });
  const ForkedHost::Opening opening;
  host.open(2, opening);
  EXPECT_EQ(host.receive<wire::ChannelOpened>().channel, 2u);
  EXPECT_THAT(host.handles, SizeIs(wire::ChannelAnswer::kHandles));
  Client second = host.client(opening);
  second.call(sum_method(), 4);
  host.window().released = 1;
  EXPECT_EQ(second.wait_reply().number(), 5);
  EXPECT_EQ(first.wait_reply().kind, wire::ReplyKind::value);
}

TEST(Host, TellsItsStatusWhileItsActorIsBusy) {
  ForkedHost host;
  Client client = host.start(1);
  client.ask(sum_method(), 0);
  client.call(sit_tight_method(), 0);
  for (int i = 0; i < 3; ++i) client.call(sum_method(), i);
  wait_until([&] { return host.window().started == 1; });
  host.send(wire::AskStatus{9});
  const auto status = host.receive<wire::Status>();
  EXPECT_EQ(status.request, 9u);
  EXPECT_EQ(status.calls_handled, 1u);
  EXPECT_EQ(status.mailbox_depth, 4u);
  EXPECT_THAT(status.running_method, HasSubstr("sit_tight"));
}

TEST(Host, RetiresTheLifeWordOfAClosedChannel) {
  ForkedHost host;
  Client first = host.start(1);
  const ForkedHost::Opening opening;
  host.open(2, opening);
  const auto opened = host.receive<wire::ChannelOpened>();
  const platform::LifeView life(platform::SharedMemory::adopt(std::move(host.handles.at(wire::ChannelAnswer::kLifePage)), 0));
  EXPECT_FALSE(life.has_fallen(opened.answer.life_word));
  host.send(wire::CloseChannel{2});
  wait_until([&] { return life.has_fallen(opened.answer.life_word); });
  EXPECT_EQ(first.ask(sum_method(), 1).number(), 2);
}

TEST(Host, AChannelThatItBreaksOffKeepsItsLifeWord) {
  ForkedHost host;
  Client good = host.start(1);
  const ForkedHost::Opening opening;
  host.open(2, opening);
  const auto opened = host.receive<wire::ChannelOpened>();
  const platform::LifeView life(
      platform::SharedMemory::adopt(platform::Handle(host.handles.at(wire::ChannelAnswer::kLifePage).release()), 0));
  Client bad = host.client(opening);
  bad.end().withdraw({0, 1}, wire::SlotState::cancelled);  // ahead of its first use, which no client does
  bad.call(sum_method(), 1);
  EXPECT_EQ(host.receive<wire::ChannelRefused>().failure.kind, Refusal::protocol);
  EXPECT_FALSE(life.has_fallen(opened.answer.life_word));
  EXPECT_EQ(good.ask(sum_method(), 1).number(), 2);
}

TEST(Host, ItsLifeWordsFallWhenItIsKilled) {
  ForkedHost host;
  const ForkedHost::Opening opening;
  host.receive<wire::Hello>();
  host.construct(sitter_constructor(), 1, opening);
  const auto constructed = host.receive<wire::Constructed>();
  const platform::LifeView life(platform::SharedMemory::adopt(std::move(host.handles.at(wire::ChannelAnswer::kLifePage)), 0));
  EXPECT_FALSE(life.has_fallen(constructed.channel.life_word));
  EXPECT_FALSE(life.has_fallen(constructed.manager_life_word));
  host.process().kill();
  wait_until([&] { return life.has_fallen(constructed.channel.life_word) && life.has_fallen(constructed.manager_life_word); });
}

TEST(Host, FinishesDestroysAndEndsWhenToldToStop) {
  ForkedHost host;
  Client client = host.start(1);
  client.call(sit_tight_method(), 0);
  client.call(sum_method(), 1);
  host.send(wire::StopHost{});
  host.window().released = 1;
  EXPECT_EQ(host.exit_code(), 0);
  EXPECT_EQ(host.window().destroyed, 1);
  client.wait_reply();
  EXPECT_EQ(client.wait_reply().number(), 2);
}

TEST(Host, EndsWhenToldToStopBeforeThereIsAnActor) {
  ForkedHost host;
  host.receive<wire::Hello>();
  host.send(wire::StopHost{});
  EXPECT_EQ(host.exit_code(), 0);
}

TEST(Host, DoesNotOutliveItsManagerEvenWhenItsActorIsBusy) {
  ForkedHost host;
  Client client = host.start(1);
  client.call(sit_tight_method(), 0);
  wait_until([&] { return host.window().started == 1; });
  host.forget_socket();
  EXPECT_EQ(host.exit_code(), 1);
}

TEST(Host, EndsWhenItsManagerTalksNonsense) {
  testing::internal::CaptureStderr();
  ForkedHost host;
  host.receive<wire::Hello>();
  host.send_raw(std::array{std::byte{0xff}});
  EXPECT_EQ(host.exit_code(), 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("manager"));
}

TEST(Host, AChildThatAMethodForkedDoesNotServe) {
  ForkedHost host;
  Client client = host.start(1);
  EXPECT_EQ(client.ask(fork_method(), 0).number(), 1);
  EXPECT_EQ(client.ask(sum_method(), 1).number(), 2);
}

TEST(Host, JoinsAsAClient) {
  ForkedHost host;
  Client client = host.start(1);
  client.call(join_method(), 0);
  host.receive<wire::JoinAsClient>();
  platform::ControlSocket session(std::move(host.handles.at(0)));
  EXPECT_THAT(session.receive().value().bytes, testing::ElementsAre(std::byte{7}));
}

}  // namespace
}  // namespace troupe::host
