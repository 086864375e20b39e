// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "references.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

using Adder = RemoteFunction<int(int)>;

struct Subscription {
  std::string topic;
  Adder notify;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(topic, notify);
  }
};

// Knows functions, not whose they are.
class Switchboard {
 public:
  void add(const Subscription& subscription) { subscriptions_.push_back(subscription); }
  int ring(const std::string& topic, int value) {
    int sum = 0;
    for (const auto& each : subscriptions_) {
      if (each.topic == topic) sum += each.notify(value).get();
    }
    return sum;
  }
  Adder first() const { return subscriptions_.front().notify; }
  int call(const Adder& function, int value) { return function(value).get(); }
  std::string call_text(const RemoteFunction<std::string(const std::string&)>& function, const std::string& text) {
    return function(text).get();
  }
  void tell(const Adder& function, int value) { function.tell(value); }
  void clear() { subscriptions_.clear(); }

 private:
  std::vector<Subscription> subscriptions_;
};

class RemoteFunctions : public WithReferences {};

TEST_F(RemoteFunctions, CallTheMethodThatTheyAreMadeOf) {
  auto one = counter(1);
  const Adder add = bind<&Counter::add>(one);
  EXPECT_EQ(add(2).get(), 3);
  add.tell(4);
  EXPECT_EQ(one.call<&Counter::get>().get(), 7);
  EXPECT_EQ(add.id(), one.id());
}

TEST_F(RemoteFunctions, AreCalledWhereverTheyCome) {
  auto board = runtime().spawn<Switchboard>();
  auto one = counter(1), other = counter(10);
  EXPECT_EQ(board.call<&Switchboard::call>(bind<&Counter::add>(one), 5).get(), 6);
  board.call<&Switchboard::add>(Subscription{"a", bind<&Counter::add>(one)}).get();
  board.call<&Switchboard::add>(Subscription{"a", bind<&Counter::add>(other)}).get();
  EXPECT_EQ(board.call<&Switchboard::ring>("a", 1).get(), 7 + 11);
  board.call<&Switchboard::tell>(bind<&Counter::add>(one), 100).get();
  const Adder first = board.call<&Switchboard::first>().get();
  EXPECT_EQ(board.call<&Switchboard::call>(first, 0).get(), 107);  // behind its own one-way message
  EXPECT_EQ(first(0).get(), 107);
}

TEST_F(RemoteFunctions, HoldTheirActorAsProxiesDo) {
  auto board = runtime().spawn<Switchboard>();
  auto only = counter(1);
  const ActorId id = only.id();
  auto added = board.call<&Switchboard::add>(Subscription{"a", bind<&Counter::add>(only)});
  only = {};
  added.get();
  EXPECT_TRUE(is_running(id));
  Adder add = board.call<&Switchboard::first>().get();
  board.call<&Switchboard::clear>().get();
  EXPECT_EQ(add(1).get(), 2);
  add = {};
  expect_stopped(id);
}

TEST_F(RemoteFunctions, HaveOneTypeInAllSpellingsOfTheirParameters) {
  auto everything = runtime().spawn<Everything>();
  const RemoteFunction<std::string(const std::string&)> echo = bind<&Everything::echo>(everything);
  const RemoteFunction<std::string(std::string)> again = echo;
  EXPECT_EQ(again("text").get(), "text");
  auto board = runtime().spawn<Switchboard>();
  EXPECT_EQ(board.call<&Switchboard::call_text>(again, "there").get(), "there");
  EXPECT_EQ(bind<overload<int(int)>(&Everything::overloaded)>(everything)(3).get(), 3);
}

TEST_F(RemoteFunctions, AreEmptyAtFirst) {
  const Adder empty;
  EXPECT_FALSE(empty);
  EXPECT_THROW(empty(1), std::logic_error);
  EXPECT_THROW(empty.tell(1), std::logic_error);
  EXPECT_THROW(bind<&Counter::add>(Proxy<Counter>()), std::logic_error);
  auto board = runtime().spawn<Switchboard>();
  board.call<&Switchboard::add>(Subscription{"none", empty}).get();
  EXPECT_FALSE(board.call<&Switchboard::first>().get());
}

TEST_F(RemoteFunctions, AreEqualWhenActorAndMethodAre) {
  auto one = counter(1), other = counter(1);
  auto board = runtime().spawn<Switchboard>();
  const Adder add = bind<&Counter::add>(one);
  board.call<&Switchboard::add>(Subscription{"a", add}).get();
  EXPECT_EQ(board.call<&Switchboard::first>().get(), add);
  EXPECT_NE(add, bind<&Counter::add>(other));
  EXPECT_NE(add, Adder());
  const std::unordered_set<Adder> set{add, bind<&Counter::add>(one), bind<&Counter::add>(other)};
  EXPECT_EQ(set.size(), 2u);
}

TEST_F(RemoteFunctions, TellOfADeadActorInTheResult) {
  auto one = counter(1);
  const Adder add = bind<&Counter::add>(one);
  one.kill();
  one.wait();
  EXPECT_TRUE(has_failed_with<ActorDied>(add(1)));
}

// As they would come from another program, or another build of this one.

class ForeignFunctions : public RemoteFunctions {};

TEST_F(ForeignFunctions, OfAnotherBuildCanBePassedOnButNotCalled) {
  auto board = runtime().spawn<Switchboard>();
  auto one = counter(1);
  const auto receive = [](Switchboard& each, Proxy<Counter> target, const std::string& build_id) -> std::string {
    const auto& node = detail::Registration<detail::MethodKey<Counter, &Counter::add>>::node();
    auto wire = detail::BoundMethod({}, node).pack(typeid(int(int)).name());
    wire.build_id = build_id;
    detail::GrowingBuffer bytes;
    detail::encode(bytes, target, wire);
    Adder foreign;
    detail::decode(bytes.bytes(), foreign);
    each.add({"foreign", foreign});
    try {
      foreign.tell(1);
    } catch (const IncompatibleInterface& error) {
      return error.what();
    }
    return "it was called";
  };
  EXPECT_THAT(board.run(receive, one, "0123456789abcdef").get(), HasSubstr("build id 0123456789abcdef"));
  const Adder passed_on = board.call<&Switchboard::first>().get();
  EXPECT_TRUE(has_failed_with<IncompatibleInterface>(passed_on(1)));
  EXPECT_EQ(passed_on, board.call<&Switchboard::first>().get());
  EXPECT_EQ(passed_on.id(), one.id());
  EXPECT_EQ(one.call<&Counter::get>().get(), 1);
}

TEST_F(ForeignFunctions, OfAnotherTypeAreRefused) {
  auto board = runtime().spawn<Switchboard>();
  auto one = counter(1);
  const auto receive = [](Switchboard&, Proxy<Counter> target) -> std::string {
    detail::GrowingBuffer bytes;
    detail::encode(bytes, bind<&Counter::add>(target));
    RemoteFunction<std::string(double)> other;
    try {
      detail::decode(bytes.bytes(), other);
    } catch (const IncompatibleInterface& error) {
      return error.what();
    }
    return "it was received";
  };
  EXPECT_THAT(board.run(receive, one).get(), HasSubstr("int (int)"));
}

TEST_F(ForeignFunctions, ThatNameNoMethodAreNotCalled) {
  auto board = runtime().spawn<Switchboard>();
  auto one = counter(1);
  const auto receive = [](Switchboard&, Proxy<Counter> target, std::uint32_t rank) -> bool {
    const auto& node = detail::Registration<detail::MethodKey<Counter, &Counter::add>>::node();
    auto wire = detail::BoundMethod({}, node).pack(typeid(int(int)).name());
    wire.rank = rank;
    detail::GrowingBuffer bytes;
    detail::encode(bytes, target, wire);
    Adder garbage;
    detail::decode(bytes.bytes(), garbage);
    return has_failed_with<Error>(garbage(1));
  };
  EXPECT_TRUE(board.run(receive, one, UINT32_MAX).get());
}

}  // namespace
}  // namespace troupe::test
