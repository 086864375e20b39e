// SPDX-License-Identifier: BSL-1.0
// An actor that waits for a call to itself hears that this would never end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <future>
#include <string>
#include <vector>

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Narcissus {
 public:
  using Self = Proxy<Narcissus>;

  void note(int number) { seen_.push_back(number); }
  std::vector<int> seen() const { return seen_; }

  std::string wait_for_itself(const Self& self) {
    const auto own = self.call<&Narcissus::note>(1);
    try {
      own.get();
    } catch (const WouldDeadlock& error) {
      return error.what();
    }
    return "it came";
  }
  std::string wait_in_vain(const Self& self) {
    const auto own = self.call<&Narcissus::note>(2);
    const bool is_there = own.ready() || own.wait(0s) || own.wait(-1s);
    return is_there ? "it came" : "not yet";
  }
  // Whether whoever waits for one of two results hears that none will come; of which one is this actor's, and the other one
  // that of `other`, or this actor's, too.
  template <class Wait>
  std::string wait_for_one(const Self& self, const Self& other, const Wait& wait) {
    const std::vector results{self.call<&Narcissus::note>(5), other.call<&Narcissus::note>(6)};
    try {
      wait(results);
    } catch (const WouldDeadlock&) {
      return "none of them can come";
    }
    return "one came";
  }
  std::string wait_for_any(const Self& self, const Self& other) {
    return wait_for_one(self, other, [](const auto& results) { when_any(results).get(); });
  }
  std::string wait_for_first(const Self& self, const Self& other) {
    return wait_for_one(self, other, [](const auto& results) { wait(results, {}, ReturnWhen::first_completed); });
  }
  std::string wait_for_next(const Self& self, const Self& other) {
    return wait_for_one(self, other, [](const auto& results) { *as_completed(results).begin(); });
  }
  std::string wait_for_all(const Self& self, const Self& other) {
    return wait_for_one(self, other, [](const auto& results) {
      for (const auto& each : as_completed(results)) each.wait();
    });
  }
  bool cancel_own(const Self& self) { return self.call<&Narcissus::note>(3).cancel(); }
  void wait_elsewhere(const Self& self) {
    elsewhere_ = std::async(std::launch::async, [own = self.call<&Narcissus::note>(4)] { own.get(); });
  }
  bool has_come_elsewhere() { return elsewhere_.wait_for(0s) == std::future_status::ready; }

 private:
  std::vector<int> seen_;
  std::future<void> elsewhere_;
};

class Deadlock : public testing::RuntimeTest {
 protected:
  // What the actor sends to itself comes in no certain order with what the test sends.
  std::vector<int> seen() const {
    std::vector<int> seen;
    while (seen.empty()) seen = actor_.call<&Narcissus::seen>().get();
    return seen;
  }

  Proxy<Narcissus> actor_ = runtime().spawn<Narcissus>();
};

TEST_F(Deadlock, IsAnErrorAtTheOneWhoWouldWait) {
  const std::string text = actor_.call<&Narcissus::wait_for_itself>(actor_).get();
  EXPECT_THAT(text, HasSubstr("Narcissus::note of actor "));
  EXPECT_THAT(text, HasSubstr("runs one call at a time"));
}

TEST_F(Deadlock, LeavesTheCallToRunLater) {
  actor_.call<&Narcissus::wait_for_itself>(actor_).get();
  EXPECT_THAT(seen(), ElementsAre(1));
}

TEST_F(Deadlock, IsNoneForWhoOnlyLooks) {
  EXPECT_EQ(actor_.call<&Narcissus::wait_in_vain>(actor_).get(), "not yet");
  EXPECT_THAT(seen(), ElementsAre(2));
}

TEST_F(Deadlock, IsNoneForOneThatCancels) {
  EXPECT_TRUE(actor_.call<&Narcissus::cancel_own>(actor_).get());
  EXPECT_THAT(actor_.call<&Narcissus::seen>().get(), ElementsAre());
}

TEST_F(Deadlock, IsNoneInAnotherThreadOfTheActor) {
  actor_.call<&Narcissus::wait_elsewhere>(actor_).get();
  while (!actor_.call<&Narcissus::has_come_elsewhere>().get()) continue;
}

TEST_F(Deadlock, IsNoneWhereAnotherResultIsEnough) {
  const auto other = runtime().spawn<Narcissus>();
  EXPECT_EQ(actor_.call<&Narcissus::wait_for_any>(actor_, other).get(), "one came");
  EXPECT_EQ(actor_.call<&Narcissus::wait_for_first>(actor_, other).get(), "one came");
  EXPECT_EQ(actor_.call<&Narcissus::wait_for_next>(actor_, other).get(), "one came");
}

TEST_F(Deadlock, IsToldToWhoWaitsForAnyOfItsOwnCalls) {
  EXPECT_EQ(actor_.call<&Narcissus::wait_for_any>(actor_, actor_).get(), "none of them can come");
  EXPECT_EQ(actor_.call<&Narcissus::wait_for_first>(actor_, actor_).get(), "none of them can come");
  EXPECT_EQ(actor_.call<&Narcissus::wait_for_next>(actor_, actor_).get(), "none of them can come");
  const auto other = runtime().spawn<Narcissus>();
  EXPECT_EQ(actor_.call<&Narcissus::wait_for_all>(actor_, other).get(), "none of them can come") << "behind the other one's";
}

}  // namespace
}  // namespace troupe::test
