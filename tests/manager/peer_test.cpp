// SPDX-License-Identifier: BSL-1.0
#include "manager/peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <troupe/error.hpp>

#include <new>
#include <string>
#include <vector>

#include "tests/platform/support.hpp"

namespace troupe::manager {
namespace {

using ::testing::HasSubstr;

// A peer in a loop, and its other end in the test's hands.
class PeerTest : public ::testing::Test {
 protected:
  PeerTest() {
    auto [ours, theirs] = platform::ControlSocket::pair();
    other_ = std::move(theirs);
    peer_ = std::make_shared<Peer>(loop_, std::move(ours),
                                   Peer::Callbacks{[this](platform::Packet& packet) { on_packet(packet); },
                                                   [this](const Peer::Parting& parting) {
                                                     gone_.push_back(parting.reason);
                                                     was_breach_ = parting.is_breach;
                                                     loop_.stop();
                                                   }});
  }
  ~PeerTest() override { peer_->close(); }

  void on_packet(platform::Packet& packet) {
    ++packets_;
    if (packet.bytes.size() == 1) throw ProtocolError("one byte is too few");
    if (packet.bytes.size() == 2) peer_->close();
    if (packet.bytes.size() == 3) throw std::bad_alloc();
    if (packets_ == stop_after_) loop_.stop();
  }

  void send_from_other(std::size_t bytes) { other_.send(std::vector<std::byte>(bytes)); }

  Loop loop_;
  platform::ControlSocket other_;
  std::shared_ptr<Peer> peer_;
  std::vector<std::string> gone_;
  bool was_breach_ = false;
  int packets_ = 0;
  int stop_after_ = 0;
};

wire::Listed large_message() {
  wire::Listed listed;
  listed.actors.resize(1);
  listed.actors[0].name.assign(100'000, 'x');
  return listed;
}

TEST_F(PeerTest, DeliversWhatWasSentBeforeTheEnd) {
  send_from_other(10);
  send_from_other(10);
  other_ = {};
  peer_->start();

  loop_.run();

  EXPECT_EQ(packets_, 2);
  EXPECT_THAT(gone_, ::testing::ElementsAre(""));
}

TEST_F(PeerTest, AnExceptionEndsItWithItsText) {
  send_from_other(1);
  send_from_other(10);
  peer_->start();

  loop_.run();

  EXPECT_EQ(packets_, 1);
  EXPECT_THAT(gone_, ::testing::ElementsAre("one byte is too few"));
  EXPECT_TRUE(was_breach_);
}

TEST_F(PeerTest, WantOfMemoryForAMessageIsNoBreachOfItsSender) {
  send_from_other(3);
  peer_->start();

  loop_.run();

  EXPECT_THAT(gone_, ::testing::ElementsAre(std::bad_alloc().what()));
  EXPECT_FALSE(was_breach_);
}

TEST_F(PeerTest, ClosedInItsCallbackItIsSilent) {
  send_from_other(2);
  send_from_other(10);
  peer_->drain();
  EXPECT_EQ(packets_, 1);
  EXPECT_TRUE(gone_.empty());
}

TEST_F(PeerTest, WhatDoesNotFitTheSocketArrivesLater) {
  constexpr int kCount = 20;
  for (int i = 0; i < kCount; ++i) peer_->send<wire::ToClient>(large_message());
  peer_->start();
  int received = 0;
  Alarm reader(loop_);
  std::function<void()> read = [&] {
    while (other_.try_receive()) ++received;
    if (received == kCount) return loop_.stop();
    reader.start(std::chrono::milliseconds(1), read);
  };
  reader.start(std::chrono::milliseconds(1), read);

  loop_.run();

  EXPECT_EQ(received, kCount);
}

TEST_F(PeerTest, QueuedHandlesSurviveTheirOwners) {
  peer_->start();
  for (int i = 0; i < 5; ++i) peer_->send<wire::ToClient>(large_message());
  {
    auto [one, another] = platform::ControlSocket::pair();
    const int handle = one.handle().get();
    peer_->send<wire::ToClient>(wire::Found{}, {&handle, 1});
  }
  std::size_t handles = 0;
  Alarm reader(loop_);
  std::function<void()> read = [&] {
    while (auto packet = other_.try_receive()) handles += packet->handles.size();
    if (handles != 0) return loop_.stop();
    reader.start(std::chrono::milliseconds(1), read);
  };
  reader.start(std::chrono::milliseconds(1), read);

  loop_.run();

  EXPECT_EQ(handles, 1u);
}

TEST_F(PeerTest, WhoCanReadNoMoreIsHeardOutAndDropped) {
  peer_->start();
  send_from_other(10);
  ASSERT_EQ(::shutdown(other_.handle().get(), SHUT_RD), 0);
  peer_->send<wire::ToClient>(wire::Found{});

  loop_.run();

  EXPECT_EQ(packets_, 1);
  EXPECT_THAT(gone_, ::testing::ElementsAre(""));
}

TEST_F(PeerTest, WhoStopsReadingForGoodIsDroppedWithWhatWaitsForIt) {
  peer_->start();
  for (int i = 0; i < 5; ++i) peer_->send<wire::ToClient>(large_message());
  ASSERT_EQ(::shutdown(other_.handle().get(), SHUT_RD), 0);
  while (other_.try_receive()) continue;  // there would be room now

  loop_.run();

  EXPECT_THAT(gone_, ::testing::ElementsAre(""));
}

// A child that a dead process had forked holds its socket.
TEST_F(PeerTest, DrainingEndsHoweverMuchSomebodySends) {
  const platform::testing::ForkedChild child([this](platform::ControlSocket&) {
    const std::vector<std::byte> bytes(10);
    while (other_.send(bytes)) continue;
    return 7;
  });
  other_ = {};

  peer_->drain();

  EXPECT_THAT(gone_, ::testing::ElementsAre(""));
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 7});
}

TEST_F(PeerTest, WhoNeverReadsIsDropped) {
  peer_->start();
  for (int i = 0; i < 60; ++i) peer_->send<wire::ToClient>(large_message());
  loop_.run();
  ASSERT_EQ(gone_.size(), 1u);
  EXPECT_THAT(gone_[0], HasSubstr("does not read"));
  EXPECT_FALSE(was_breach_);
}

TEST_F(PeerTest, AMessageOverTheLimitIsTheSendersFault) {
  wire::Listed listed = large_message();
  listed.actors[0].type.assign(100'000, 'x');
  EXPECT_THROW(peer_->send<wire::ToClient>(listed), std::invalid_argument);
}

}  // namespace
}  // namespace troupe::manager
