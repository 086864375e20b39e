// SPDX-License-Identifier: BSL-1.0
// A client that spoils its own channel: what the others notice of that.
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include "gate.hpp"
#include "spoil.hpp"

namespace troupe::test {
namespace {

// Another client of the actor.
class Friend {
 public:
  int note(const Proxy<Recorder>& actor, int number) { return actor.call<&Recorder::note>(number).get(); }
  bool sees(const Proxy<Recorder>& actor) { return actor.is_alive(); }
};

// An actor that has one call of ours behind it, and one before it that it cannot make sense of.
class BrokenChannel : public testing::RuntimeTest {
 protected:
  void SetUp() override {
    testing::RuntimeTest::SetUp();
    actor_ = runtime().spawn<Recorder>();
    held_ = actor_.call<&Recorder::hold>(gate_.path());
    gate_.wait_reached();
    spoiled_ = actor_.call<&Recorder::note>(1);
    spoil_own_requests();
    gate_.let_go();
  }
  void TearDown() override {
    actor_ = {};
    held_ = {};
    spoiled_ = {};
    testing::RuntimeTest::TearDown();
  }

  Gate gate_;
  Proxy<Recorder> actor_;
  AsyncResult<void> held_;
  AsyncResult<int> spoiled_;
};

TEST_F(BrokenChannel, IsAProtocolErrorForItsClient) {
  EXPECT_TRUE(has_failed_with<ProtocolError>(spoiled_));
  EXPECT_TRUE(has_failed_with<ProtocolError>(actor_.call<&Recorder::note>(2)));
  EXPECT_FALSE(actor_.is_alive());
}

TEST_F(BrokenChannel, DeliversWhatWasAnsweredBefore) { EXPECT_EQ(held_.exception(), nullptr); }

TEST_F(BrokenChannel, IsNoDeathForTheOthers) {
  EXPECT_TRUE(has_failed_with<ProtocolError>(spoiled_));
  auto other = runtime().spawn<Friend>();
  EXPECT_EQ(other.call<&Friend::note>(actor_, 3).get(), 3);
  EXPECT_TRUE(other.call<&Friend::sees>(actor_).get());
  EXPECT_EQ(runtime().actors().size(), 2u);
}

}  // namespace
}  // namespace troupe::test
