// SPDX-License-Identifier: BSL-1.0
// Who keeps an actor alive, and who does not.
#include "references.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/archive.hpp>

#include "spoil.hpp"

namespace troupe::test {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Holders : public WithReferences {};

TEST_F(Holders, InOtherProcessesCount) {
  auto shelf = runtime().spawn<Shelf>();
  auto only = counter(10);
  const ActorId id = only.id();
  shelf.call<&Shelf::put>(only).get();
  only = {};
  EXPECT_TRUE(is_running(id));
  EXPECT_EQ(shelf.call<&Shelf::add>(1).get(), 11);
  shelf.call<&Shelf::clear>();
  expect_stopped(id);
}

TEST_F(Holders, ThatAreDeadDoNotCount) {
  auto shelf = runtime().spawn<Shelf>();
  auto only = counter();
  const ActorId id = only.id();
  shelf.call<&Shelf::put>(only).get();
  only = {};
  EXPECT_TRUE(is_running(id));
  shelf.kill();
  expect_stopped(id);
}

TEST_F(Holders, ThatAreStoppedLetGo) {
  auto shelf = runtime().spawn<Shelf>(counter());
  const ActorId shelf_id = shelf.id();
  const ActorId id = shelf.call<&Shelf::first>().get();
  EXPECT_TRUE(is_running(id));
  shelf = {};
  expect_stopped(shelf_id);
  expect_stopped(id);
}

TEST_F(Holders, MayBeSeveralInARow) {
  auto first = runtime().spawn<Shelf>(counter(5));
  for (int i = 0; i < 5; ++i) {
    auto next = runtime().spawn<Shelf>();
    first.call<&Shelf::hand_on>(next).get();
    while (next.call<&Shelf::add>(0).get() == 0) continue;
    first = next;
  }
  EXPECT_EQ(first.call<&Shelf::add>(1).get(), 6);
}

TEST_F(Holders, LetGoWhileTheyStayAndTakeAgain) {
  auto shelf = runtime().spawn<Shelf>();
  auto one = counter();
  for (int i = 1; i <= 200; ++i) {
    shelf.call<&Shelf::put>(one).get();
    EXPECT_EQ(shelf.call<&Shelf::add>(1).get(), 1 + i);
    shelf.call<&Shelf::clear>();
  }
  shelf.call<&Shelf::put>(one).get();
  const ActorId id = one.id();
  one = {};
  EXPECT_TRUE(is_running(id));
  EXPECT_EQ(shelf.call<&Shelf::add>(0).get(), 201);
}

TEST_F(Holders, OfOnesBytesTwiceAreOneHolder) {
  auto shelf = runtime().spawn<Shelf>(counter());
  const auto decode_twice = [](Shelf& each) {
    const Proxy<Counter> original = each.take();
    detail::GrowingBuffer buffer;
    detail::encode(buffer, original);
    Proxy<Counter> first, second;
    detail::decode(buffer.bytes(), first);
    detail::decode(buffer.bytes(), second);
    each.put(first);
    return first == second && second == original;
  };
  EXPECT_TRUE(shelf.run(decode_twice).get());
  EXPECT_EQ(shelf.call<&Shelf::add>(1).get(), 2);
  const ActorId id = shelf.run([](Shelf& each) { return each.take().id(); }).get();
  expect_stopped(id);
}

TEST_F(Holders, AreListed) {
  auto shelf = runtime().spawn<Shelf>();
  auto one = counter();
  EXPECT_THAT(info(one.id()).holders, UnorderedElementsAre(ActorHolder{{}, ::getpid()}));
  shelf.call<&Shelf::put>(one).get();
  const ActorInfo seen = info(one.id());
  EXPECT_THAT(seen.holders, UnorderedElementsAre(ActorHolder{{}, ::getpid()}, ActorHolder{shelf.id(), shelf.pid()}));
  EXPECT_EQ(seen.parent, ActorId());
}

TEST_F(Holders, InACircleAreSeenAndEndWithTheRuntime) {
  auto one = runtime().spawn<Shelf>();
  auto other = runtime().spawn<Shelf>();
  one.call<&Shelf::befriend>(other).get();
  other.call<&Shelf::befriend>(one).get();
  const ActorHolder in_one{one.id(), one.pid()}, in_other{other.id(), other.pid()};
  one = {};
  other = {};
  EXPECT_THAT(info(in_one.actor).holders, UnorderedElementsAre(in_other));
  EXPECT_THAT(info(in_other.actor).holders, UnorderedElementsAre(in_one));
}

TEST_F(Holders, OfThemselvesDoNotCount) {
  auto shelf = runtime().spawn<Shelf>();
  const ActorId id = shelf.id();
  shelf.call<&Shelf::befriend>(shelf).get();
  EXPECT_THAT(info(id).holders, UnorderedElementsAre(ActorHolder{{}, ::getpid()}, ActorHolder{id, shelf.pid()}));
  shelf = {};
  expect_stopped(id);
}

class InFlight : public WithReferences {
 protected:
  // An actor that is busy until the gate opens.
  Proxy<Shelf> busy(SpawnOptions options = {}) {
    auto shelf = runtime().spawn<Shelf>(std::move(options));
    shelf.tell<&Shelf::hold>(gate.path());
    gate.wait_reached();
    return shelf;
  }
  // The sender's last proxy goes while the message is under way.
  ActorId forget(Proxy<Counter>& proxy) {
    const ActorId id = proxy.id();
    proxy = {};
    return id;
  }

  Gate gate;
};

TEST_F(InFlight, ACallKeepsItsArguments) {
  auto shelf = busy();
  auto only = counter(10);
  auto put = shelf.call<&Shelf::put>(only);
  const ActorId id = forget(only);
  EXPECT_EQ(info(id).proxies_in_flight, 1u);
  EXPECT_THAT(info(id).holders, IsEmpty());
  gate.let_go();
  put.get();
  EXPECT_EQ(shelf.call<&Shelf::add>(1).get(), 11);
}

TEST_F(InFlight, AOneWayMessageKeepsItsArguments) {
  auto shelf = busy();
  auto only = counter(10);
  shelf.tell<&Shelf::put>(only);
  const ActorId id = forget(only);
  EXPECT_TRUE(is_running(id));
  gate.let_go();
  EXPECT_EQ(shelf.call<&Shelf::add>(1).get(), 11);
}

// The actor's process lives on, so that it is no holder's death that lets them go.
TEST_F(InFlight, OneWayMessagesThatABrokenChannelNeverBringsKeepNothing) {
  auto shelf = busy();
  auto only = counter();
  shelf.tell<&Shelf::put>(only);
  const ActorId id = forget(only);
  EXPECT_TRUE(is_running(id));
  spoil_own_requests();
  gate.let_go();
  expect_stopped(id);
  EXPECT_TRUE(is_running(shelf.id()));
}

TEST_F(InFlight, StructsAndContainersKeepWhatIsInThem) {
  auto shelf = busy();
  auto one = counter(10), other = counter(20);
  shelf.tell<&Shelf::put_all>(std::map<std::string, Parcel>{{"a", {one}}, {"b", {other}}, {"c", {one}}});
  const ActorId first = forget(one), second = forget(other);
  EXPECT_TRUE(is_running(first));
  EXPECT_TRUE(is_running(second));
  gate.let_go();
  EXPECT_EQ(shelf.call<&Shelf::add>(0).get(), 40);
  shelf.call<&Shelf::clear>();
  expect_stopped(first);
  expect_stopped(second);
}

TEST_F(InFlight, ArgumentsOfAConstructorAreKept) {
  for (const auto method : {StartMethod::forkserver, StartMethod::spawn}) {
    auto only = counter(10);
    auto spawned = runtime().spawn_async<Shelf>({.start = method}, only);
    only = {};
    EXPECT_EQ(spawned.get().call<&Shelf::add>(1).get(), 11);
  }
}

TEST_F(InFlight, ArgumentsOfAConstructorThatThrowsAreNot) {
  auto only = counter(10);
  auto spawned = runtime().spawn_async<Shelf>(only, "no");
  const ActorId id = forget(only);
  EXPECT_TRUE(has_failed_with<std::invalid_argument>(spawned));
  expect_stopped(id);
}

TEST_F(InFlight, ASpawnThatIsRefusedKeepsNothing) {
  auto first = runtime().spawn<Shelf>(SpawnOptions{.name = "one"});
  auto only = counter(10);
  auto spawned = runtime().spawn_async<Shelf>({.name = "one"}, only);
  const ActorId id = forget(only);
  EXPECT_TRUE(has_failed_with<DuplicateName>(spawned));
  expect_stopped(id);
}

TEST_F(InFlight, WhatIsLookedAtOnlyIsNotKept) {
  auto shelf = busy();
  auto only = counter();
  shelf.tell<&Shelf::look_at>(only);
  const ActorId id = forget(only);
  EXPECT_TRUE(is_running(id));
  gate.let_go();
  expect_stopped(id);
}

TEST_F(InFlight, AMethodThatThrowsKeepsNothing) {
  auto shelf = busy();
  auto only = counter();
  auto refused = shelf.call<&Shelf::refuse>(only);
  const ActorId id = forget(only);
  gate.let_go();
  EXPECT_TRUE(has_failed_with<std::out_of_range>(refused));
  expect_stopped(id);
}

TEST_F(InFlight, ArgumentsThatDoNotDecodeAreNotKept) {
  auto shelf = runtime().spawn<Shelf>();
  auto one = counter(), other = counter();
  auto refused = shelf.call<&Shelf::put_parcel>(Parcel{one, false, true});
  shelf.tell<&Shelf::put_parcel>(Parcel{other, false, true});
  const ActorId first = forget(one), second = forget(other);
  EXPECT_TRUE(has_failed_with<SerializationError>(refused));
  expect_stopped(first);
  expect_stopped(second);
}

TEST_F(InFlight, ArgumentsThatDoNotEncodeAreNotKept) {
  auto shelf = runtime().spawn<Shelf>();
  auto only = counter();
  EXPECT_TRUE(has_failed_with<std::runtime_error>(shelf.call<&Shelf::put_parcel>(Parcel{only, true, false})));
  expect_stopped(forget(only));
}

TEST_F(InFlight, ACallThatFindsTheMailboxFullKeepsNothing) {
  auto shelf = busy({.mailbox = {.calls = 1, .when_full = WhenFull::fail}});
  auto only = counter();
  EXPECT_TRUE(has_failed_with<MailboxFull>(shelf.call<&Shelf::put>(only)));
  EXPECT_THROW(shelf.tell<&Shelf::put>(only), MailboxFull);
  expect_stopped(forget(only));
  gate.let_go();
}

TEST_F(InFlight, ACallThatIsWithdrawnKeepsNothing) {
  auto shelf = busy();
  auto only = counter();
  auto late = shelf.with({.deadline = std::chrono::milliseconds(1)}).call<&Shelf::put>(only);
  EXPECT_EQ(verdict<TimeoutError>(late), Execution::not_started);
  expect_stopped(forget(only));
  gate.let_go();
}

TEST_F(InFlight, AMessageThatIsTooLateKeepsNothing) {
  auto shelf = busy();
  auto only = counter();
  shelf.with({.deadline = std::chrono::nanoseconds(1)}).tell<&Shelf::put>(only);
  const ActorId id = forget(only);
  EXPECT_TRUE(is_running(id));
  gate.let_go();
  expect_stopped(id);
}

TEST_F(InFlight, SpilledCallsKeepTheirArguments) {
  auto shelf = busy({.mailbox = {.calls = 1, .when_full = WhenFull::spill}});
  std::vector<ActorId> ids;
  for (int i = 0; i < 5; ++i) {
    auto only = counter(10);
    shelf.tell<&Shelf::put>(only);
    ids.push_back(forget(only));
  }
  auto withdrawn = counter();
  auto late = shelf.with({.deadline = std::chrono::milliseconds(1)}).call<&Shelf::put>(withdrawn);
  EXPECT_EQ(verdict<TimeoutError>(late), Execution::not_started);
  expect_stopped(forget(withdrawn));
  for (const ActorId id : ids) EXPECT_TRUE(is_running(id));
  gate.let_go();
  EXPECT_EQ(shelf.call<&Shelf::add>(0).get(), 50);
}

TEST_F(InFlight, WhatTheDeadHaveNotReadIsNotKept) {
  auto shelf = busy();
  auto only = counter();
  shelf.tell<&Shelf::put>(only);
  const ActorId id = forget(only);
  EXPECT_TRUE(is_running(id));
  shelf.kill();
  expect_stopped(id);
  gate.let_go();
}

TEST_F(InFlight, WhatTheDeadHaveSentIsKeptUntilNobodyCanReadIt) {
  auto sender = runtime().spawn<Shelf>(counter());
  auto shelf = busy();
  const ActorId id = sender.call<&Shelf::first>().get();
  sender.call<&Shelf::hand_on>(shelf).get();
  sender.kill();
  sender.wait();
  EXPECT_EQ(info(id).proxies_in_flight, 1u);
  gate.let_go();
  shelf.call<&Shelf::clear>().get();  // whether it came, or its channel was closed before
  expect_stopped(id);
}

class ResultsInFlight : public WithReferences {};

TEST_F(ResultsInFlight, KeepWhatIsInThem) {
  auto shelf = runtime().spawn<Shelf>(counter(10));
  const auto taken = shelf.call<&Shelf::take>().get();
  EXPECT_EQ(taken.call<&Counter::add>(1).get(), 11);
}

TEST_F(ResultsInFlight, KeepItAlsoUndecoded) {
  auto shelf = runtime().spawn<Shelf>(counter(10));
  auto taken = shelf.call<&Shelf::take>();
  taken.wait();
  shelf.kill();
  shelf.wait();
  EXPECT_EQ(taken.get().call<&Counter::add>(1).get(), 11);
}

TEST_F(ResultsInFlight, ThatAreDroppedUndecodedDoNot) {
  auto shelf = runtime().spawn<Shelf>();
  auto only = counter();
  shelf.call<&Shelf::put>(only).get();
  auto taken = shelf.call<&Shelf::take>();
  taken.wait();
  const ActorId id = only.id();
  only = {};
  EXPECT_TRUE(is_running(id));
  taken = {};
  expect_stopped(id);
}

TEST_F(ResultsInFlight, ThatNobodyReadsDoNot) {
  auto shelf = runtime().spawn<Shelf>();
  auto only = counter();
  const ActorId id = only.id();
  shelf.call<&Shelf::put>(only).get();
  only = {};
  shelf.call<&Shelf::take>();
  expect_stopped(id);
}

TEST_F(ResultsInFlight, ThatComeTooLateDoNot) {
  Gate gate;
  auto shelf = runtime().spawn<Shelf>(counter());
  const auto take_slowly = [](Shelf& each, const std::string& path) {
    auto only = each.take();
    wait_at(path);
    return only;
  };
  const ActorId id = shelf.call<&Shelf::first>().get();
  auto late = shelf.with({.deadline = std::chrono::milliseconds(300)}).run(take_slowly, gate.path());
  gate.wait_reached();
  EXPECT_EQ(verdict<TimeoutError>(late), Execution::maybe);
  gate.let_go();
  expect_stopped(id);
}

TEST_F(ResultsInFlight, ThatDoNotEncodeDoNot) {
  auto shelf = runtime().spawn<Shelf>();
  auto only = counter();
  const ActorId id = only.id();
  shelf.call<&Shelf::put>(only).get();
  only = {};
  EXPECT_TRUE(has_failed_with<SerializationError>(shelf.call<&Shelf::take_spoiled>()));
  expect_stopped(id);
}

}  // namespace
}  // namespace troupe::test
