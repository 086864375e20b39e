// SPDX-License-Identifier: BSL-1.0
// What any channel promises while its host runs on its own, in another thread or another process.
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <random>

#include "tests/channel/conformance/served.hpp"

namespace troupe::channel {
namespace {

using wire::ReplyKind;
using wire::RequestKind;

template <class ServingHost>
class ServedChannel : public ::testing::Test {
 protected:
  using Channel = typename ServingHost::Served;

  ~ServedChannel() override {
    caller.call({}, kStop);
    host.join();
  }

  Channel channel{kSmall};
  ServingHost host{channel};
  Caller<Channel> caller{channel};
};

using Hosts = ::testing::Types<ThreadHost<SharedMemoryChannel>, ProcessHost<SharedMemoryChannel>, ThreadHost<InProcessTwin>>;
TYPED_TEST_SUITE(ServedChannel, Hosts);

TYPED_TEST(ServedChannel, AnswersOneCallAfterTheOther) {
  for (std::uint64_t number = 0; number < 2'000; ++number) {
    const Bytes payload = pattern(number % this->channel.client.geometry().payload_bytes, number);
    ASSERT_EQ(this->caller.call(payload, kEcho), payload);
  }
}

TYPED_TEST(ServedChannel, AnswersManyCallsAtOnceEachWithItsOwnResult) {
  std::map<std::pair<int, std::uint32_t>, Bytes> expected;
  std::uint64_t received = 0;
  const auto take = [&](const auto& reply) {
    const auto found = expected.find({reply.ticket.slot, reply.ticket.generation});
    ASSERT_NE(found, expected.end());
    const auto payload = this->channel.client.payload(reply);
    ASSERT_TRUE(std::equal(found->second.begin(), found->second.end(), payload.begin()));
    expected.erase(found);
    ++received;
  };
  std::mt19937 random(1);
  for (std::uint64_t number = 0; number < 20'000; ++number) {
    const Bytes payload = pattern(random() % 300, number);
    const Ticket ticket = this->caller.send(payload, random() % 4 == 0 ? kEnlarge : kEcho, RequestKind::call, take);
    expected[{ticket.slot, ticket.generation}] = payload;
  }
  while (!expected.empty()) this->caller.receive(take);
  EXPECT_EQ(received, 20'000u);
}

TYPED_TEST(ServedChannel, StartsTellsBeforeTheCallsBehindThem) {
  std::uint64_t sent = 0;
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    for (auto tells = random() % 12; tells-- > 0; ++sent) {
      this->caller.send(pattern(random() % 500), kEcho, RequestKind::tell,
                        [](const auto&) { FAIL() << "nothing replies to a tell"; });
    }
    const Bytes count = this->caller.call({}, kCount);
    std::uint64_t seen = 0;
    ASSERT_EQ(count.size(), sizeof seen);
    std::memcpy(&seen, count.data(), sizeof seen);
    ASSERT_EQ(seen, sent);
  }
}

TYPED_TEST(ServedChannel, GivesTheSlotsOfRefusedCallsBack) {
  int refused = 0;
  const auto take = [&](const auto& reply) { refused += reply.kind == ReplyKind::expired ? 1 : 0; };
  for (int number = 0; number < 5'000; ++number) this->caller.send({}, kRefuse, RequestKind::call, take);
  while (refused < 5'000) this->caller.receive(take);
  EXPECT_EQ(this->caller.call(pattern(9), kEcho), pattern(9));
}

TYPED_TEST(ServedChannel, SkipsExactlyTheCallsThatItWasTooLateToStart) {
  std::uint64_t not_started = 0, skipped = 0, received = 0;
  const auto take = [&](const auto& reply) {
    skipped += reply.kind == ReplyKind::skipped ? 1 : 0;
    ++received;
  };
  std::mt19937 random(3);
  std::deque<Ticket> latest;
  for (int number = 0; number < 20'000; ++number) {
    latest.push_back(this->caller.send({}, kEcho, RequestKind::call, take));
    if (random() % 2 == 0) {
      not_started += this->channel.client.withdraw(latest.back(), wire::SlotState::cancelled) == Execution::not_started ? 1 : 0;
    }
  }
  while (received < 20'000) this->caller.receive(take);
  EXPECT_EQ(skipped, not_started);
}

}  // namespace
}  // namespace troupe::channel
