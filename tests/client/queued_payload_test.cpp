// SPDX-License-Identifier: BSL-1.0
#include "client/queued_payload.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::client {
namespace {

// Around where the bytes move out of the object, and far behind it.
const std::vector<std::size_t> kSizes = {0, 1, 4, 15, 16, 17, 64, 100'000};

std::vector<std::byte> pattern(std::size_t bytes) {
  std::vector<std::byte> all(bytes);
  std::uint8_t next = 1;
  std::ranges::generate(all, [&] { return std::byte{next++}; });
  return all;
}

QueuedPayload filled(std::size_t bytes) {
  QueuedPayload payload(bytes);
  std::ranges::copy(pattern(bytes), payload.data());
  return payload;
}

std::vector<std::byte> bytes_of(const QueuedPayload& payload) { return {payload.bytes().begin(), payload.bytes().end()}; }

bool is_in(const QueuedPayload& payload) {
  const auto begin = reinterpret_cast<std::uintptr_t>(&payload);
  const auto place = reinterpret_cast<std::uintptr_t>(payload.data());
  return place >= begin && place < begin + sizeof payload;
}

TEST(QueuedPayload, HoldsWhatIsWrittenIntoIt) {
  for (const std::size_t bytes : kSizes) EXPECT_EQ(bytes_of(filled(bytes)), pattern(bytes)) << bytes;
}

TEST(QueuedPayload, OfUpTo16BytesNeedsNoOtherMemory) {
  for (const std::size_t bytes : kSizes) EXPECT_EQ(is_in(QueuedPayload(bytes)), bytes <= 16) << bytes;
}

TEST(QueuedPayload, IsEmptyUnlessItWasGivenASize) { EXPECT_EQ(QueuedPayload().size(), 0u); }

// An encoder writes even no bytes to somewhere.
TEST(QueuedPayload, HasAPlaceEvenIfItIsEmpty) { EXPECT_NE(QueuedPayload(0).data(), nullptr); }

TEST(QueuedPayload, MovesItsBytesAndIsEmptyThen) {
  for (const std::size_t bytes : kSizes) {
    QueuedPayload from = filled(bytes);
    const QueuedPayload to(std::move(from));
    EXPECT_EQ(bytes_of(to), pattern(bytes)) << bytes;
    EXPECT_EQ(from.size(), 0u) << bytes;  // NOLINT(bugprone-use-after-move): that is what is promised
  }
}

TEST(QueuedPayload, TakesThePlaceOfAnyOther) {
  for (const std::size_t before : kSizes) {
    for (const std::size_t after : kSizes) {
      QueuedPayload payload = filled(before);
      payload = filled(after);
      EXPECT_EQ(bytes_of(payload), pattern(after)) << before << ' ' << after;
    }
  }
}

}  // namespace
}  // namespace troupe::client
