// SPDX-License-Identifier: BSL-1.0
// Proxies as values that travel, and what they tell.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <future>
#include <thread>
#include <unordered_set>

#include "actors.hpp"

namespace troupe::test {
namespace {

// Two actors in one message.
struct Pair {
  Proxy<Counter> first;
  Proxy<Counter> second;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(first, second);
  }
};

// Keeps proxies in whatever form they come.
class Keeper {
 public:
  Keeper() = default;
  explicit Keeper(Pair pair) : kept_{{"first", pair.first}, {"second", pair.second}} {}

  void keep(const std::map<std::string, Proxy<Counter>>& proxies) { kept_ = proxies; }
  std::map<std::string, Proxy<Counter>> kept() const { return kept_; }
  Pair pair() const { return {kept_.at("first"), kept_.at("second")}; }
  Pair turned(const Pair& pair) { return {pair.second, pair.first}; }
  std::vector<int> add(const std::vector<Proxy<Counter>>& counters, int n) {
    std::vector<int> sums;
    for (const auto& each : counters) sums.push_back(each.call<&Counter::add>(n).get());
    return sums;
  }
  int add_to_kept(int n) {
    int sum = 0;
    for (const auto& [name, counter] : kept_) sum += counter.call<&Counter::add>(n).get();
    return sum;
  }
  std::optional<Proxy<Counter>> perhaps(bool is_there) const {
    if (!is_there) return std::nullopt;
    return kept_.begin()->second;
  }
  bool is_empty(const Proxy<Counter>& proxy) const { return !proxy; }
  std::string facts(const Proxy<Counter>& proxy) const {
    return proxy.name() + " " + std::to_string(proxy.pid()) + " " + std::to_string(proxy.incarnation());
  }

 private:
  std::map<std::string, Proxy<Counter>> kept_;
};

class Proxies : public testing::RuntimeTest {
 protected:
  Pair spawn_pair() { return {runtime().spawn<Counter>(10), runtime().spawn<Counter>(20)}; }
};

TEST_F(Proxies, TravelInsideStructsAndContainers) {
  const Pair pair = spawn_pair();
  auto keeper = runtime().spawn<Keeper>();
  EXPECT_EQ(keeper.call<&Keeper::add>(std::vector{pair.first, pair.second, pair.first}, 1).get(), (std::vector{11, 21, 12}));
  const Pair turned = keeper.call<&Keeper::turned>(pair).get();
  EXPECT_EQ(turned.first, pair.second);
  EXPECT_EQ(turned.second, pair.first);
  EXPECT_EQ(turned.first.call<&Counter::add>(1).get(), 22);
}

TEST_F(Proxies, TravelIntoConstructorsAndBackFromMembers) {
  const Pair pair = spawn_pair();
  auto keeper = runtime().spawn<Keeper>(pair);
  EXPECT_EQ(keeper.call<&Keeper::pair>().get().second, pair.second);
  EXPECT_EQ(keeper.call<&Keeper::add_to_kept>(1).get(), 32);
  EXPECT_EQ(keeper.call<&Keeper::perhaps>(true).get(), pair.first);
  EXPECT_EQ(keeper.call<&Keeper::perhaps>(false).get(), std::nullopt);
}

TEST_F(Proxies, KeptByAnActorStayOfUse) {
  const Pair pair = spawn_pair();
  auto keeper = runtime().spawn<Keeper>();
  keeper.call<&Keeper::keep>(std::map<std::string, Proxy<Counter>>{{"a", pair.first}, {"b", pair.second}}).get();
  for (int i = 1; i <= 100; ++i) EXPECT_EQ(keeper.call<&Keeper::add_to_kept>(1).get(), 30 + 2 * i);
  EXPECT_EQ(keeper.call<&Keeper::kept>().get().at("b"), pair.second);
}

TEST_F(Proxies, ThatAreEmptyTravelEmpty) {
  auto keeper = runtime().spawn<Keeper>();
  EXPECT_TRUE(keeper.call<&Keeper::is_empty>(Proxy<Counter>()).get());
  EXPECT_FALSE(keeper.call<&Keeper::turned>(Pair()).get().first);
}

TEST_F(Proxies, OfOneActorAreEqualAndHashAlike) {
  const Pair pair = spawn_pair();
  auto keeper = runtime().spawn<Keeper>(pair);
  const Proxy<Counter> again = keeper.call<&Keeper::pair>().get().first;
  EXPECT_EQ(again, pair.first);
  EXPECT_NE(again, pair.second);
  EXPECT_NE(again, Proxy<Counter>());
  EXPECT_EQ(std::hash<Proxy<Counter>>()(again), std::hash<Proxy<Counter>>()(pair.first));
  const std::unordered_set<Proxy<Counter>> set{pair.first, again, pair.second, Proxy<Counter>(), Proxy<Counter>()};
  EXPECT_EQ(set.size(), 3u);
  EXPECT_EQ(pair.first < pair.second, pair.first.id() < pair.second.id());
}

TEST_F(Proxies, KnowTheirActorWhereverTheyAre) {
  auto named = runtime().spawn<Counter>({.name = "clerk"}, 1);
  auto keeper = runtime().spawn<Keeper>();
  EXPECT_EQ(named.name(), "clerk");
  EXPECT_EQ(keeper.name(), "");
  EXPECT_EQ(keeper.call<&Keeper::facts>(named).get(),
            "clerk " + std::to_string(named.pid()) + " " + std::to_string(named.incarnation()));
  EXPECT_EQ(named.incarnation(), runtime().actors().front().incarnation);
}

TEST_F(Proxies, AreRefusedInAForkedChild) {
  auto counter = runtime().spawn<Counter>(1);
  const pid_t child = ::fork();
  if (child == 0) {
    int refused = 0;
    try {
      counter.call<&Counter::get>();
    } catch (const std::logic_error&) {
      ++refused;
    }
    try {
      runtime().spawn<Counter>(2);
    } catch (const std::logic_error&) {
      ++refused;
    }
    ::_exit(refused);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

class TwoRuntimes : public testing::RuntimeTest {};

TEST_F(TwoRuntimes, KeepTheirActorsApart) {
  Runtime one, other;
  auto in_one = one.spawn<Counter>({.name = "counter"}, 1);
  auto in_other = other.spawn<Counter>({.name = "counter"}, 2);
  EXPECT_EQ(one.lookup<Counter>("counter").call<&Counter::add>(10).get(), 11);
  EXPECT_EQ(other.lookup<Counter>("counter").call<&Counter::add>(10).get(), 12);
  EXPECT_EQ(one.actors().size(), 1u);
  in_other.kill();
  in_other.wait();
  EXPECT_EQ(in_one.call<&Counter::get>().get(), 11);
}

TEST_F(TwoRuntimes, HaveNoEqualProxies) {
  Runtime one, other;
  const auto first = one.spawn<Counter>(1);
  const auto second = other.spawn<Counter>(2);
  EXPECT_NE(first, second);
  EXPECT_TRUE(first < second || second < first);
  EXPECT_LT(Proxy<Counter>(), first);
}

TEST_F(TwoRuntimes, EndOneByOne) {
  std::optional<Runtime> one(std::in_place), other(std::in_place);
  auto in_one = one->spawn<Counter>(1);
  auto in_other = other->spawn<Counter>(2);
  one.reset();
  EXPECT_FALSE(in_one.is_alive());
  EXPECT_EQ(in_other.call<&Counter::get>().get(), 2);
  other.reset();
  EXPECT_THROW(in_other.call<&Counter::get>().get(), Error);
}

// Whatever the numbers of their actors are.
TEST_F(TwoRuntimes, NeverTakeAnActorOfTheOtherForOneOfTheirs) {
  Runtime one, other;
  auto caller = one.spawn<Caller>();
  auto counter = one.spawn<Counter>(1);
  std::vector<Proxy<Counter>> foreign;
  for (int i = 0; i < 4; ++i) foreign.push_back(other.spawn<Counter>(100));
  caller.call<&Caller::set>(counter).get();
  for (const auto& each : foreign) {
    EXPECT_ANY_THROW(caller.call<&Caller::add_twice_at>(each, 1).get());
    EXPECT_EQ(each.call<&Counter::get>().get(), 100);
  }
  EXPECT_EQ(counter.call<&Counter::get>().get(), 1);
  EXPECT_EQ(caller.call<&Caller::add_twice>(1).get(), 3);
}

// The thread of the callback goes when the callback has returned: nobody is left who could wait for it.
class EndInACallback : public ::testing::Test {
 protected:
  void TearDown() override {
    while (!(testing::Holdings::now() == before_)) std::this_thread::yield();
  }

 private:
  const testing::Holdings before_ = testing::Holdings::now();
};

TEST_F(EndInACallback, OfAResultIsARuntimesEnd) {
  auto runtime = std::make_unique<Runtime>();
  auto counter = runtime->spawn<Counter>(1);
  std::promise<int> ended;
  counter.call<&Counter::add>(1).on_done([&](AsyncResult<int> result) {
    runtime.reset();
    ended.set_value(result.get());
  });
  EXPECT_EQ(ended.get_future().get(), 2);
  EXPECT_THROW(counter.call<&Counter::get>().get(), Error);
}

TEST_F(EndInACallback, OfAnEventIsARuntimesEnd) {
  auto runtime = std::make_unique<Runtime>();
  auto counter = runtime->spawn<Counter>(1);
  std::promise<void> ended;
  counter.on_down([&] {
    runtime.reset();
    ended.set_value();
  });
  counter.kill();
  ended.get_future().get();
  EXPECT_FALSE(counter.is_alive());
}

}  // namespace
}  // namespace troupe::test
