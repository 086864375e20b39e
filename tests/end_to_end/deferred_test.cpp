// SPDX-License-Identifier: BSL-1.0
// Methods whose results are still to come when they return: the caller gets what will be the result, as its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "actors.hpp"
#include "gate.hpp"
#include "processes.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What both of the actors below can do.
class Desk {
 public:
  AsyncResult<int> ask(const Proxy<Recorder>& other, int number) { return other.call<&Recorder::note>(number); }
  AsyncResult<void> hold(const Proxy<Recorder>& other, const std::string& gate) { return other.call<&Recorder::hold>(gate); }
  AsyncResult<std::string> name() {
    Promise<std::string> promise;
    promise.set_value("desk");
    return promise.result();
  }
  AsyncResult<int> fail() {
    Promise<int> promise;
    promise.set_exception(std::make_exception_ptr(std::out_of_range("far")));
    return promise.result();
  }
  AsyncResult<int> nothing() { return {}; }
  AsyncResult<int> give_up() { return Promise<int>().result(); }
  int note(int number) {
    seen_.push_back(number);
    return number;
  }
  std::vector<int> seen() const { return seen_; }

 private:
  std::vector<int> seen_;
};

class Patient : public Desk {};

class Busy : public Desk {
 public:
  static constexpr bool reentrant = true;

  // Answered by give().
  AsyncResult<int> take(int key) { return waiting_[key].result(); }
  void give(int key, int value) {
    waiting_.at(key).set_value(value);
    waiting_.erase(key);
  }
  std::size_t waiting() const { return waiting_.size(); }
  AsyncResult<int> ask_itself(const Proxy<Busy>& self, int number) { return self.call<&Busy::note>(number); }

 private:
  std::map<int, Promise<int>> waiting_;
};

template <class Actor>
class Deferred : public testing::RuntimeTest {
 protected:
  Gate gate_;
  Proxy<Recorder> recorder_ = runtime().template spawn<Recorder>();
  Proxy<Actor> actor_ = runtime().template spawn<Actor>();
};
using Kinds = ::testing::Types<Patient, Busy>;
TYPED_TEST_SUITE(Deferred, Kinds);

TYPED_TEST(Deferred, ArrivesAsTheCallersOwn) {
  const AsyncResult<int> asked = this->actor_.template call<&TypeParam::ask>(this->recorder_, 5);
  EXPECT_EQ(asked.get(), 5);
  EXPECT_EQ(this->actor_.template call<&TypeParam::name>().get(), "desk");
  EXPECT_THAT(this->recorder_.template call<&Recorder::seen>().get(), ElementsAre(5));
}

TYPED_TEST(Deferred, IsAFunctionsResultToo) {
  const auto ran = this->actor_.run([](TypeParam& actor, Proxy<Recorder> other) { return actor.ask(other, 6); }, this->recorder_);
  EXPECT_EQ(ran.get(), 6);
  const RemoteFunction<int(Proxy<Recorder>, int)> bound = bind<&TypeParam::ask>(this->actor_);
  EXPECT_EQ(bound(this->recorder_, 7).get(), 7);
}

TYPED_TEST(Deferred, FailsAsWhatItStandsForDoes) {
  EXPECT_THROW(this->actor_.template call<&TypeParam::fail>().get(), std::out_of_range);
  EXPECT_THROW(this->actor_.template call<&TypeParam::nothing>().get(), RemoteException);
  EXPECT_THROW(this->actor_.template call<&TypeParam::give_up>().get(), RemoteException) << "its promise is gone";
  EXPECT_EQ(this->actor_.template call<&TypeParam::note>(1).get(), 1);
}

// ActorDied speaks of the caller's own call, and that one's actor lives.
TYPED_TEST(Deferred, TellsOfAnotherActorsDeathAsOfAnyException) {
  const auto held = this->actor_.template call<&TypeParam::hold>(this->recorder_, this->gate_.path());
  this->gate_.wait_reached();
  this->recorder_.kill();
  try {
    held.get();
    ADD_FAILURE() << "nobody has let it go";
  } catch (const RemoteException& error) {
    EXPECT_THAT(error.what(), HasSubstr("Recorder::hold"));
  }
  EXPECT_EQ(this->actor_.template call<&TypeParam::note>(1).get(), 1);
}

TYPED_TEST(Deferred, IsCancelledWithTheCall) {
  const auto held = this->recorder_.template call<&Recorder::hold>(this->gate_.path());
  this->gate_.wait_reached();
  const auto asked = this->actor_.template call<&TypeParam::ask>(this->recorder_, 5);
  while (!asked.running()) std::this_thread::yield();
  EXPECT_FALSE(asked.cancel());
  EXPECT_THROW(asked.get(), CancelledError);
  this->gate_.let_go();
  held.get();
  EXPECT_THAT(this->recorder_.template call<&Recorder::seen>().get(), ElementsAre());
}

TYPED_TEST(Deferred, OfAOneWayMessageIsWaitedForAndDropped) {
  this->actor_.template tell<&TypeParam::ask>(this->recorder_, 5);
  while (this->recorder_.template call<&Recorder::seen>().get().empty()) std::this_thread::yield();
  EXPECT_EQ(this->actor_.template call<&TypeParam::note>(1).get(), 1);
}

TYPED_TEST(Deferred, ThatWasStillToComeMayHaveBeenExecuted) {
  const auto held = this->actor_.template call<&TypeParam::hold>(this->recorder_, this->gate_.path());
  this->gate_.wait_reached();
  this->actor_.kill();
  EXPECT_EQ(verdict<ActorDied>(held), Execution::maybe);
  this->gate_.let_go();
}

TYPED_TEST(Deferred, IsWaitedForWhenTheActorIsToldToStop) {
  const auto held = this->actor_.template call<&TypeParam::hold>(this->recorder_, this->gate_.path());
  this->gate_.wait_reached();
  this->actor_.stop(Timeout());
  this->gate_.let_go();
  held.get();
  EXPECT_EQ(this->actor_.wait().value().exit_code, 0);
}

using OneAtATime = Deferred<Patient>;
TEST_F(OneAtATime, KeepsTheMailboxWaiting) {
  const auto held = actor_.call<&Patient::hold>(recorder_, gate_.path());
  gate_.wait_reached();
  const auto noted = actor_.call<&Patient::note>(1);
  EXPECT_TRUE(noted.cancel()) << "it has not been begun";
  gate_.let_go();
  held.get();
  EXPECT_THAT(actor_.call<&Patient::seen>().get(), ElementsAre());
}

using Reentrant = Deferred<Busy>;
TEST_F(Reentrant, TakesFurtherCallsMeanwhile) {
  const auto held = actor_.call<&Busy::hold>(recorder_, gate_.path());
  gate_.wait_reached();
  EXPECT_EQ(actor_.call<&Busy::note>(1).get(), 1);
  EXPECT_FALSE(held.ready());
  EXPECT_TRUE(held.running());
  gate_.let_go();
  held.get();
}

TEST_F(Reentrant, AnswersOneCallByAnother) {
  const auto taken = actor_.call<&Busy::take>(1);
  actor_.call<&Busy::give>(1, 7).get();
  EXPECT_EQ(taken.get(), 7);
}

TEST_F(Reentrant, AnswersInWhateverOrder) {
  constexpr int kCalls = 1000;  // nearly all that the mailbox holds
  std::vector<AsyncResult<int>> taken;
  for (int key = 0; key < kCalls; ++key) taken.push_back(actor_.call<&Busy::take>(key));
  for (int key = kCalls - 1; key >= 0; --key) actor_.call<&Busy::give>(key, key * 2).get();
  for (int key = 0; key < kCalls; ++key) EXPECT_EQ(taken[static_cast<std::size_t>(key)].get(), key * 2);
  EXPECT_EQ(actor_.call<&Busy::waiting>().get(), 0u);
}

// More of them than the mailbox holds.
TEST_F(Reentrant, MayHaveOneWayMessagesOpen) {
  constexpr int kMessages = 3000;
  for (int key = 0; key < kMessages; ++key) actor_.tell<&Busy::take>(key);
  EXPECT_EQ(actor_.call<&Busy::waiting>().get(), std::size_t{kMessages});
  for (int key = 0; key < kMessages; ++key) actor_.call<&Busy::give>(key, key).get();
  EXPECT_EQ(actor_.call<&Busy::waiting>().get(), 0u);
}

TEST_F(Reentrant, CallsItself) {
  for (int round = 0; round < 200; ++round) EXPECT_EQ(actor_.call<&Busy::ask_itself>(actor_, round).get(), round);
}

TEST_F(Reentrant, StopsThoughItsCallersGoOn) {
  std::jthread caller([actor = actor_, recorder = recorder_] {
    while (actor.call<&Busy::ask>(recorder, 1).exception() == nullptr) continue;
  });
  while (recorder_.call<&Recorder::seen>().get().empty()) continue;
  actor_.stop(Timeout());
  EXPECT_EQ(actor_.wait().value().exit_code, 0);
}

TEST_F(Reentrant, FailsAllThatIsOpenWhenItDies) {
  std::vector<AsyncResult<int>> taken;
  for (int key = 0; key < 100; ++key) taken.push_back(actor_.call<&Busy::take>(key));
  while (actor_.call<&Busy::waiting>().get() != 100u) continue;
  OtherProcess(actor_.pid()).kill();
  for (const auto& each : taken) EXPECT_EQ(verdict<ActorDied>(each), Execution::maybe);
}

TEST_F(Reentrant, HasADeadlineThatTheCallerKeeps) {
  const auto taken = actor_.with({.deadline = std::chrono::milliseconds(50)}).call<&Busy::take>(1);
  EXPECT_EQ(verdict<TimeoutError>(taken), Execution::maybe);
  actor_.call<&Busy::give>(1, 7).get();  // answers somebody who does not listen any more
  EXPECT_EQ(actor_.call<&Busy::waiting>().get(), 0u);
}

// Takes calls open, and ends.
class Visitor {
 public:
  void visit(const Proxy<Busy>& busy) {
    for (int key = 0; key < 10; ++key) (void)busy.call<&Busy::take>(key);
  }
};

TEST_F(Reentrant, ForgetsCallersThatHaveGone) {
  auto visitor = runtime().spawn<Visitor>();
  visitor.call<&Visitor::visit>(actor_).get();
  while (actor_.call<&Busy::waiting>().get() != 10u) continue;
  visitor.kill();
  visitor.wait();
  for (int key = 0; key < 10; ++key) actor_.call<&Busy::give>(key, key).get();
  EXPECT_EQ(actor_.call<&Busy::waiting>().get(), 0u);
  actor_.stop(Timeout());
  EXPECT_EQ(actor_.wait().value().exit_code, 0);
}

}  // namespace
}  // namespace troupe::test
