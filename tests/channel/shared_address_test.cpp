// SPDX-License-Identifier: BSL-1.0
// The lock-free parts between two threads at the same addresses, where ThreadSanitizer sees both sides (the ends of a real
// channel have a mapping each, so there it sees only one).
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <random>
#include <thread>

#include "channel/doorbell.hpp"
#include "channel/ring.hpp"
#include "channel/slot.hpp"
#include "platform/futex.hpp"
#include "tests/channel/conformance/talk.hpp"

namespace troupe::channel {
namespace {

constexpr std::uint32_t kCells = 16;
constexpr std::uint32_t kRecords = 300'000;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::uint32_t kPadding = UINT32_MAX;

// One direction: a ring, its doorbell, the position read, and a doorbell for room.
struct Direction {
  struct alignas(wire::kCellBytes) Memory {
    std::array<std::byte, kCells * wire::kCellBytes> bytes{};
  };

  void ring(DoorbellWords<>& bell) {
    if (DoorbellProtocol<>::look(bell).futex) platform::futex_wake(bell.state, 1, platform::FutexScope::this_process);
  }
  template <class Ready>
  void sleep_until(DoorbellWords<>& bell, Ready is_ready) {
    while (!is_ready()) {
      const std::uint32_t armed = DoorbellProtocol<>::arm(bell, Rest::futex);
      if (!is_ready()) platform::futex_wait(bell.state, armed, platform::FutexScope::this_process);
      DoorbellProtocol<>::disarm(bell);
    }
  }

  void send(std::uint32_t number, std::span<const std::byte> payload) {
    const std::uint32_t cells = wire::cells_for(kHeaderBytes, payload.size());
    auto place = writer.find(cells);
    while (!place) {
      sleep_until(room_bell, [&] { return read.load(std::memory_order_acquire) != writer.released(); });
      ASSERT_TRUE(writer.release_until(read.load(std::memory_order_acquire)));
      place = writer.find(cells);
    }
    std::byte* record = writer.cells().at(place->cell);
    fill(record + kHeaderBytes, payload);
    writer.open(*place, [](std::byte* at) { std::memcpy(at + 8, &kPadding, sizeof kPadding); });
    std::memcpy(record + 8, &number, sizeof number);
    writer.publish(*place, static_cast<std::uint32_t>(payload.size()));
    ring(reader_bell);
  }

  void receive(std::uint32_t number, std::span<const std::byte> expected) {
    for (;;) {
      sleep_until(reader_bell, [&] { return reader.peek().has_value(); });
      std::uint32_t found = 0;
      std::memcpy(&found, reader.record() + 8, sizeof found);
      if (found != kPadding) {
        ASSERT_EQ(found, number);
        break;
      }
      reader.advance(reader.cells_to_end());
    }
    const std::uint32_t bytes = reader.peek().value();
    ASSERT_EQ(bytes, expected.size());
    ASSERT_TRUE(bytes == 0 || std::memcmp(reader.record() + kHeaderBytes, expected.data(), bytes) == 0);
    reader.advance(wire::cells_for(kHeaderBytes, bytes));
    read.store(reader.position(), std::memory_order_release);
    ring(room_bell);
  }

  Memory memory;
  RingWriter<MappedCells> writer{MappedCells(memory.bytes.data(), kCells)};
  alignas(64) RingReader<MappedCells> reader{MappedCells(memory.bytes.data(), kCells)};
  alignas(64) std::atomic<std::uint64_t> read{0};
  alignas(64) DoorbellWords<> reader_bell;
  alignas(64) DoorbellWords<> room_bell;
};

TEST(SharedAddresses, ARingCarriesRecordsOfAllSizesBetweenSleepingThreads) {
  const auto direction = std::make_unique<Direction>();
  const auto sizes = [random = std::mt19937(1)]() mutable {
    return random() % (kCells / 2 * wire::kCellBytes - kHeaderBytes + 1);
  };
  std::thread writer([&, next_size = sizes]() mutable {
    for (std::uint32_t number = 0; number < kRecords; ++number) direction->send(number, pattern(next_size(), number));
  });
  auto next_size = sizes;
  for (std::uint32_t number = 0; number < kRecords; ++number) direction->receive(number, pattern(next_size(), number));
  writer.join();
}

// A slot whose uses a host runs or refuses, while the client cancels some; what each use wrote, the next one reads.
TEST(SharedAddresses, ASlotHandsItsUsesOverOneAfterTheOther) {
  struct Slot {
    SlotProtocol<>::Word word{0};
    std::uint32_t run_by_host = 0;  // not atomic: its uses are ordered by the protocol alone
    alignas(64) std::atomic<std::uint32_t> requested{0};
    alignas(64) std::atomic<std::uint32_t> replied{0};
    bool was_skipped = false;  // of the latest; published with replied
  };
  const auto slot = std::make_unique<Slot>();
  constexpr std::uint32_t kUses = 300'000;

  std::thread host([&] {
    std::mt19937 random(2);
    for (std::uint32_t use = 0; use < kUses; ++use) {
      slot->requested.wait(use, std::memory_order_acquire);
      const Claim claim = SlotProtocol<>::start(slot->word, use);
      slot->was_skipped = claim == Claim::cancelled;
      const bool has_run = claim == Claim::won && random() % 2 == 0;
      if (has_run) {
        ++slot->run_by_host;
        SlotProtocol<>::rearm_after_run(slot->word, use);
      }
      slot->replied.store(use + 1, std::memory_order_release);
      slot->replied.notify_one();
      if (!has_run) SlotProtocol<>::rearm_unrun(slot->word, use);
    }
  });

  std::uint32_t latest = 0;
  for (std::uint32_t use = 0; use < kUses; ++use) {
    slot->requested.store(use + 1, std::memory_order_release);
    slot->requested.notify_one();
    const bool tries = use % 3 == 0;
    const bool has_won = tries && SlotProtocol<>::withdraw(slot->word, use, wire::SlotState::cancelled) == Execution::not_started;
    slot->replied.wait(use, std::memory_order_acquire);
    ASSERT_EQ(slot->was_skipped, has_won);
    ASSERT_GE(slot->run_by_host, latest);
    latest = slot->run_by_host;
  }
  host.join();
}

}  // namespace
}  // namespace troupe::channel
