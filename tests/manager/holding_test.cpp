// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "fake_client.hpp"
#include "processes.hpp"
#include "rogue_host.hpp"

namespace troupe::manager::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using What = wire::LeaseNews::What;

// A program and two actors of its: one that is spoken of, and one that is spoken to.
class Holding : public ::testing::Test {
 protected:
  FakeClient& client() { return managed_.client; }
  wire::ActorReference reference() const { return {spoken_of_.id, spoken_of_.key}; }
  void let_go() { client().say(wire::Release{spoken_of_.id}); }
  void lease(std::uint64_t number, ActorId to, std::vector<wire::ActorReference> actors) {
    client().say(wire::Lease{number, to, 0, std::move(actors)});
  }
  ActorInfo info() {
    for (const ActorInfo& each : client().list()) {
      if (each.id == spoken_of_.id) return each;
    }
    return {.state = ActorState::dead};
  }
  void expect_stopped() {
    const auto down = client().await<wire::ActorDown>();
    EXPECT_EQ(down.message.actor, spoken_of_.id);
    EXPECT_EQ(down.message.cause.kind, DeathKind::stopped);
  }

  // In whatever order: what a process held ends with its socket, and it is reaped later.
  void expect_ends(const std::map<ActorId, DeathKind>& wanted) {
    std::map<ActorId, DeathKind> ends;
    while (ends.size() < wanted.size()) {
      const wire::ActorDown down = client().await<wire::ActorDown>().message;
      ends[down.actor] = down.cause.kind;
    }
    EXPECT_EQ(ends, wanted);
  }

  ManagedClient managed_;
  const wire::ActorDescription spoken_of_ = managed_.client.spawn(kind<Quiet>()).message.actor;
  Received<wire::Opened> opened_reader_ = managed_.client.spawn(kind<Other>());
  const wire::ActorDescription reader_ = opened_reader_.message.actor;
};

TEST_F(Holding, EachGrantIsGivenBack) {
  wire::Spawn named;
  named.name = "named";
  const auto actor = client().spawn(kind<Quiet>(), named).message.actor;
  client().say(wire::Find{1, "named", actor.type});
  client().await<wire::Found>();
  client().say(wire::Release{actor.id, 1});
  EXPECT_THAT(client().list(), SizeIs(3));
  client().say(wire::Release{actor.id, 1});
  EXPECT_EQ(client().await<wire::ActorDown>().message.actor, actor.id);
}

TEST_F(Holding, ALeaseKeepsAnActorUntilItEnds) {
  lease(1, reader_.id, {reference()});
  let_go();
  EXPECT_EQ(info().state, ActorState::running);
  EXPECT_EQ(info().proxies_in_flight, 1u);
  EXPECT_THAT(info().holders, IsEmpty());
  client().say(wire::LeaseNews{What::over, {}, 1});
  expect_stopped();
}

TEST_F(Holding, ALeaseEndsWithWhoWasToReadIt) {
  lease(1, reader_.id, {reference()});
  let_go();
  EXPECT_EQ(info().state, ActorState::running);
  host_of(opened_reader_).kill();
  expect_ends({{spoken_of_.id, DeathKind::stopped}, {reader_.id, DeathKind::signal}});
}

TEST_F(Holding, ALeaseOfAConstructorsArgumentsIsItsSenders) {
  lease(1, ActorId(), {reference()});
  let_go();
  EXPECT_EQ(info().state, ActorState::running);
  client().say(wire::LeaseNews{What::over, {}, 1});
  expect_stopped();
}

TEST_F(Holding, WhoDoesNotKnowTheKeyKeepsNothing) {
  lease(1, reader_.id, {{spoken_of_.id, {1, 2}}, {ActorId{4711}, {3, 4}}});
  client().say(wire::Hold{spoken_of_.id, {1, 2}});
  let_go();
  expect_stopped();
}

TEST_F(Holding, ALeaseOnWhatIsSentToNobodyKeepsNothing) {
  lease(1, ActorId{4711}, {reference()});
  client().say(wire::Lease{2, {}, 4711, {reference()}});  // a reply, and this client is no actor
  let_go();
  expect_stopped();
}

TEST_F(Holding, EndsThatMeanNothingChangeNothing) {
  lease(1, reader_.id, {reference()});
  let_go();
  client().say(wire::LeaseNews{What::over, {}, 2});
  client().say(wire::LeaseNews{What::over, reader_.id, 1});
  client().say(wire::LeaseNews{What::received, {}, 1});
  client().say(wire::LeaseNews{What::received, ActorId{4711}, 1});
  client().say(wire::LeaseNews{What::read_to_end, reader_.id, 0});
  client().say(wire::LeaseNews{What::read_to_end, {}, 0});
  EXPECT_EQ(info().state, ActorState::running);
  client().say(wire::LeaseNews{What::over, {}, 1});
  client().say(wire::LeaseNews{What::over, {}, 1});
  expect_stopped();
}

TEST_F(Holding, ALeaseMayBeSaidInParts) {
  const auto other = client().spawn(kind<Quiet>()).message.actor;
  lease(1, reader_.id, {reference()});
  lease(1, reader_.id, {{other.id, other.key}, reference()});
  let_go();
  client().say(wire::Release{other.id});
  EXPECT_THAT(client().list(), SizeIs(3));
  client().say(wire::LeaseNews{What::over, {}, 1});
  client().await<wire::ActorDown>();
  client().await<wire::ActorDown>();
  EXPECT_THAT(client().list(), SizeIs(1));
}

TEST_F(Holding, NewsThatDoNotExistEndTheirSender) {
  auto bytes = wire::encode_message<wire::ToManagerFromClient>(wire::LeaseNews{});
  bytes.at(1) = std::byte{200};
  client().say_bytes(bytes);
  client().await_end();
}

TEST_F(Holding, AnotherProcessHoldsUntilItDies) {
  auto rogue_opened = client().spawn(kind<Other>(), rogue(holder_trick(reference())));
  while (info().holders.size() < 2) continue;
  let_go();
  EXPECT_EQ(info().state, ActorState::running);
  EXPECT_EQ(info().holders.at(0).actor, rogue_opened.message.actor.id);
  host_of(rogue_opened).kill();
  expect_ends({{spoken_of_.id, DeathKind::stopped}, {rogue_opened.message.actor.id, DeathKind::signal}});
}

TEST_F(Holding, TheParentIsListed) {
  const auto parent = client().spawn(kind<Other>(), rogue("parent")).message.actor;
  std::vector<ActorInfo> actors;
  while ((actors = client().list()).size() < 4) continue;
  EXPECT_EQ(actors.back().parent, parent.id);
  EXPECT_EQ(actors.front().parent, ActorId());
}

}  // namespace
}  // namespace troupe::manager::testing
