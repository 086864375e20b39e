// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_client.hpp"
#include "platform/futex.hpp"
#include "platform/life_page.hpp"
#include "platform/memory.hpp"
#include "processes.hpp"
#include "rogue_host.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::SizeIs;

TEST(Channels, ASecondChannelOpens) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>());
  const auto request = managed.client.ask_to_attach(opened.message.actor);

  const auto second = managed.client.await<wire::Opened>();

  EXPECT_EQ(second.message.request, request);
  EXPECT_EQ(second.message.actor.id, opened.message.actor.id);
  EXPECT_FALSE(second.message.found);
  EXPECT_THAT(second.handles, SizeIs(wire::Opened::kHandles));
}

// Its life word falls: the host has closed it, and goes on.
TEST(Channels, OneThatIsOfNoUseToItsClientIsClosed) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>());
  const auto request = managed.client.ask_to_attach(opened.message.actor);
  auto second = managed.client.await<wire::Opened>();
  const platform::LifeView life(
      platform::SharedMemory::adopt(std::move(second.handles[wire::ChannelAnswer::kLifePage]), platform::kLifePageBytes));
  const auto& word = life.word(second.message.channel.life_word);
  EXPECT_FALSE(platform::is_fallen(word.load()));

  managed.client.say(wire::LeaveChannel{request, opened.message.actor.id});

  for (std::uint32_t value = word.load(); !platform::is_fallen(value); value = word.load())
    platform::futex_wait(word, value, platform::FutexScope::shared);
  EXPECT_THAT(managed.client.list(), SizeIs(1));
  EXPECT_FALSE(life.has_fallen(opened.message.channel.life_word));
}

TEST(Channels, TheWrongKeyOpensNothing) {
  ManagedClient managed;
  wire::ActorDescription actor = managed.client.spawn(kind<Quiet>()).message.actor;
  actor.key.low ^= 1;
  managed.client.ask_to_attach(actor);
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::no_such_actor);
}

TEST(Channels, TheWrongClassOpensNothing) {
  ManagedClient managed;
  wire::ActorDescription actor = managed.client.spawn(kind<Quiet>()).message.actor;
  actor.type = kind<Other>().type;
  managed.client.ask_to_attach(actor);
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::incompatible);
}

TEST(Channels, TheDeadAreRefusedWithTheirCause) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>());
  managed.client.say(wire::KillActor{opened.message.actor.id, opened.message.actor.key});
  managed.client.await<wire::ActorDown>();
  managed.client.ask_to_attach(opened.message.actor);

  const auto failure = managed.client.await<wire::Refused>().message.failure;

  EXPECT_EQ(failure.kind, wire::Refusal::actor_died);
  EXPECT_EQ(failure.cause.kind, DeathKind::killed_by_us);
}

TEST(Channels, AHostThatDiesBeforeItAnswersIsRefused) {
  ManagedClient managed;
  auto opened = managed.client.spawn(kind<Quiet>());
  const auto host = host_of(opened);
  stop_now(host);  // it cannot answer
  managed.client.ask_to_attach(opened.message.actor);
  host.kill();
  EXPECT_EQ(managed.client.await<wire::Refused>().message.failure.kind, wire::Refusal::actor_died);
}

TEST(Channels, AHostThatAnswersWithoutHandlesIsEndedAndTheClientIsTold) {
  ManagedClient managed;
  const auto opened = managed.client.spawn(kind<Quiet>(), rogue("attaches-wrong"));
  const auto request = managed.client.ask_to_attach(opened.message.actor);

  const auto refused = managed.client.await<wire::Refused>();

  EXPECT_EQ(refused.message.request, request);
  EXPECT_EQ(refused.message.failure.kind, wire::Refusal::actor_died);
  EXPECT_EQ(refused.message.failure.cause.kind, DeathKind::protocol_violation);
}

TEST(Channels, AnOfferWithoutMemoryIsRefusedByTheHostAlone) {
  ManagedClient managed;
  auto opened = managed.client.spawn(kind<Quiet>());
  wire::Attach attach{
      1, opened.message.actor.id, opened.message.actor.key, opened.message.actor.type, {1u << 30, 1u << 30, 1u << 30}};
  const std::array handles{opened.handles[0].get(), opened.handles[1].get(), opened.handles[4].get()};
  managed.client.say(attach, handles);

  EXPECT_EQ(managed.client.await<wire::Refused>().message.request, 1u);
  EXPECT_THAT(managed.client.list(), SizeIs(1));
}

}  // namespace
}  // namespace troupe::manager::testing
