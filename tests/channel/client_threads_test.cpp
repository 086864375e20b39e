// SPDX-License-Identifier: BSL-1.0
// One client's end, used as its thread-safety allows: producers under a lock, a reader, cancellers.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/channel/conformance/served.hpp"

namespace troupe::channel {
namespace {

// What is known of the call that holds a slot now: by ticket, so that a late look is seen to be late.
struct Use {
  std::mutex mutex;
  Ticket ticket;
  bool is_cancelled = false;
};

class SharedEnd : public ::testing::Test {
 protected:
  static constexpr Geometry kRoomy{8, 512, 576, kSmallPayload};
  static constexpr std::uint64_t kCallsPerProducer = 10'000;
  static constexpr std::uint64_t kProducers = 3;

  void produce() {
    for (std::uint64_t i = 0; i < kCallsPerProducer; ++i) {
      for (;;) {
        const std::uint64_t before = received.load();
        if (try_produce()) break;
        received.wait(before);  // the ring is roomy: only slots can be missing, and those come with replies
      }
      channel.client.ring_host();
    }
  }

  bool try_produce() {
    const std::lock_guard lock(producers);
    const auto draft = channel.client.draft(16);
    if (!draft) return false;
    Use& use = uses.at(draft->ticket.slot);
    const std::lock_guard use_lock(use.mutex);
    use.ticket = draft->ticket;
    use.is_cancelled = false;
    fill(draft->payload, pattern(16));
    channel.client.publish(*draft, wire::RequestKind::call, kEcho, wire::kNoDeadline);
    return true;
  }

  void read() {
    for (std::uint64_t count = 0; count < kProducers * kCallsPerProducer;) {
      while (const auto reply = channel.client.next_reply()) {
        {
          Use& use = uses.at(reply->ticket.slot);
          const std::lock_guard lock(use.mutex);
          EXPECT_EQ(use.ticket, reply->ticket);
          EXPECT_EQ(use.is_cancelled, reply->kind == wire::ReplyKind::skipped);
          EXPECT_EQ(copy(channel.client.payload(*reply)), use.is_cancelled ? Bytes() : pattern(16));
        }
        channel.client.finish(*reply);
        ++count;
        ++received;
        received.notify_all();
      }
      channel.client.settle();
      if (count < kProducers * kCallsPerProducer) SharedMemoryChannel::wait(channel.client);
    }
    is_over = true;
  }

  // The lock of a use is what keeps a ticket from growing old between the look and the verdict that is noted.
  void cancel() {
    std::mt19937 random(1);
    while (!is_over) {
      Use& use = uses.at(random() % uses.size());
      const std::lock_guard lock(use.mutex);
      const Execution execution = channel.client.withdraw(use.ticket, wire::SlotState::cancelled);
      use.is_cancelled = use.is_cancelled || execution == Execution::not_started;
    }
  }

  SharedMemoryChannel channel{kRoomy};
  std::mutex producers;
  std::array<Use, kRoomy.slots> uses;
  std::atomic<std::uint64_t> received{0};
  std::atomic<bool> is_over{false};
};

TEST_F(SharedEnd, IsUsedByProducersAReaderAndACancellerAtOnce) {
  for (std::uint16_t slot = 0; slot < kRoomy.slots; ++slot) uses.at(slot).ticket = {slot, UINT32_MAX / 2};  // long over
  ThreadHost<SharedMemoryChannel> host(channel);
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kProducers; ++i) threads.emplace_back([this] { produce(); });
  threads.emplace_back([this] { read(); });
  threads.emplace_back([this] { cancel(); });
  for (auto& thread : threads) thread.join();
  Caller<SharedMemoryChannel>(channel).call({}, kStop);
  host.join();
}

}  // namespace
}  // namespace troupe::channel
