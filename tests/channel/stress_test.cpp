// SPDX-License-Identifier: BSL-1.0
// Very many calls between a client and a host that both sleep whenever there is nothing for them.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "tests/channel/conformance/served.hpp"

namespace troupe::channel {
namespace {

constexpr std::uint64_t kCalls = 1'000'000;

template <class ServingHost>
class StressedChannel : public ::testing::Test {};

using Hosts = ::testing::Types<ThreadHost<SharedMemoryChannel>, ProcessHost<SharedMemoryChannel>>;
TYPED_TEST_SUITE(StressedChannel, Hosts);

Bytes numbered(std::uint64_t number, std::size_t bytes) {
  Bytes payload(std::max(bytes, sizeof number));
  std::memcpy(payload.data(), &number, sizeof number);
  return payload;
}

// Now one call at a time, so that both sides go to sleep around each, now as many as there are slots.
TYPED_TEST(StressedChannel, AnswersAMillionCallsOnceEach) {
  SharedMemoryChannel channel(kSmall);
  TypeParam host(channel);
  Caller<SharedMemoryChannel> caller(channel);
  std::mt19937 random(1);
  std::uint64_t sum = 0, received = 0, largest = 0;
  const auto take = [&](const auto& reply) {
    std::uint64_t number = 0;
    const auto payload = channel.client.payload(reply);
    ASSERT_GE(payload.size(), sizeof number);
    std::memcpy(&number, payload.data(), sizeof number);
    sum += number;
    largest = std::max(largest, number);
    ++received;
  };
  for (std::uint64_t number = 1; number <= kCalls;) {
    const auto burst = random() % 8 == 0 ? random() % 40 : 1;
    for (std::uint64_t i = 0; i < burst && number <= kCalls; ++i, ++number) {
      caller.send(numbered(number, random() % 16 == 0 ? random() % 1000 : 8), random() % 64 == 0 ? kEnlarge : kEcho,
                  wire::RequestKind::call, take);
    }
    while (received + 1 < number) caller.receive(take);
  }
  EXPECT_EQ(received, kCalls);
  EXPECT_EQ(largest, kCalls);
  EXPECT_EQ(sum, kCalls * (kCalls + 1) / 2);
  caller.call({}, kStop);
  host.join();
}

TYPED_TEST(StressedChannel, TakesAMillionTellsFromASenderThatWaitsForRoom) {
  SharedMemoryChannel channel(kSmall);
  TypeParam host(channel);
  Caller<SharedMemoryChannel> caller(channel);
  const Bytes payload = pattern(40);
  const auto nothing = [](const auto&) { FAIL() << "nothing replies to a tell"; };
  for (std::uint64_t number = 0; number < kCalls; ++number) caller.send(payload, kEcho, wire::RequestKind::tell, nothing);
  std::uint64_t count = 0;
  std::memcpy(&count, caller.call({}, kCount).data(), sizeof count);
  EXPECT_EQ(count, kCalls);
  caller.call({}, kStop);
  host.join();
}

}  // namespace
}  // namespace troupe::channel
