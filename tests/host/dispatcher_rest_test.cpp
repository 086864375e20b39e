// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/host/stage.hpp"

// Sleeping and waking, by doorbell words and by events.
namespace troupe::host {
namespace {

using channel::Rest;

class DispatcherRest : public testing::TestWithParam<Rest> {
 protected:
  bool is_asleep(Client& client) const {
    return (client.end().host_bell().state.load() & ~channel::kWantsRoom) == static_cast<std::uint32_t>(GetParam());
  }

  Stage stage_{GetParam() == Rest::futex ? Sleeper::kMostFutexes : 0};
};

TEST_P(DispatcherRest, ARequestWakesIt) {
  Client client = stage_.open();
  for (int i = 0; i < 20; ++i) {
    wait_until([&] { return is_asleep(client); });
    EXPECT_EQ(client.ask(method<&add_one>(), i).number(), i + 1);
  }
}

TEST_P(DispatcherRest, ARequestOnAnyOfItsChannelsWakesIt) {
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(stage_.open());
  for (int i = 0; i < 50; ++i) {
    Client& client = clients[static_cast<std::size_t>(i) % clients.size()];
    wait_until([&] { return is_asleep(client); });
    EXPECT_EQ(client.ask(method<&add_one>(), i).number(), i + 1);
  }
}

TEST_P(DispatcherRest, MailWakesIt) {
  Client first = stage_.open();
  wait_until([&] { return is_asleep(first); });
  Client second = stage_.open();
  EXPECT_EQ(second.ask(method<&add_one>(), 1).number(), 2);
  wait_until([&] { return is_asleep(first); });
  EXPECT_EQ(stage_.stop(), 0);
}

TEST_P(DispatcherRest, RoomForAWaitingReplyWakesIt) {
  Client client = stage_.open(16, 4096);
  for (int i = 0; i < 16; ++i) client.call(method<&fill>(), 1000);
  wait_until(
      [&] { return client.end().host_bell().state.load() == (static_cast<std::uint32_t>(GetParam()) | channel::kWantsRoom); });
  for (int i = 0; i < 16; ++i) EXPECT_EQ(client.wait_reply().payload.size(), 1000u);
}

TEST_P(DispatcherRest, AClosedChannelDoesNotDisturbTheSleep) {
  Client closed = stage_.open();
  Client open = stage_.open();
  wait_until([&] { return is_asleep(closed) && is_asleep(open); });
  stage_.close(1);
  wait_until([&] { return !closed.is_served(); });
  closed.end().ring_host();
  EXPECT_EQ(open.ask(method<&add_one>(), 1).number(), 2);
}

TEST_P(DispatcherRest, NoWakeUpIsLostUnderLoad) {
  constexpr int kRounds = 3000;
  const auto work = [](Client client) {
    for (int i = 0; i < kRounds; ++i) EXPECT_EQ(client.ask(method<&add_one>(), i).number(), i + 1);
  };
  std::thread other(work, stage_.open());
  work(stage_.open());
  other.join();
  EXPECT_EQ(stage_.status().calls_handled.load(), 2u * kRounds);
}

TEST_P(DispatcherRest, ItTellsItsProcessor) {
  Client client = stage_.open();
  client.end().host_bell().processor = 0xdead;
  client.ask(method<&add_one>(), 1);
  wait_until([&] { return client.end().host_bell().processor.load() != 0xdead; });
}

INSTANTIATE_TEST_SUITE_P(Both, DispatcherRest, testing::Values(Rest::futex, Rest::event),
                         [](const auto& each) { return each.param == Rest::futex ? "futex" : "event"; });

TEST(DispatcherRestOnEvents, IsForMoreChannelsThanFutexesServe) {
  Stage stage;
  std::vector<Client> clients;
  for (std::size_t i = 0; i <= Sleeper::kMostFutexes; ++i) clients.push_back(stage.open(1, 64));
  wait_until([&] { return clients.back().end().host_bell().state.load() == static_cast<std::uint32_t>(Rest::event); });
  for (auto& client : clients) EXPECT_EQ(client.ask(method<&add_one>(), 1).number(), 2);
}

}  // namespace
}  // namespace troupe::host
