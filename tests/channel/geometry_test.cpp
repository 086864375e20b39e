// SPDX-License-Identifier: BSL-1.0
#include "channel/geometry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace troupe::channel {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kPayload = 1 << 20;

TEST(Geometry, OfAMailboxHasItsCallsAndAtLeastItsBytes) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{4097}, std::size_t{1} << 20}) {
    const Geometry geometry = Geometry::for_mailbox(100, bytes, kPayload);
    EXPECT_EQ(geometry.slots, 100u);
    EXPECT_GE(geometry.request_cells * wire::kCellBytes, bytes);
    EXPECT_GE((geometry.reply_cells - geometry.slots) * wire::kCellBytes, bytes);
    EXPECT_TRUE(geometry.is_sane());
  }
}

TEST(Geometry, OfTheLargestMailboxIsSane) {
  EXPECT_TRUE(
      Geometry::for_mailbox(Geometry::kMaxSlots, std::size_t{Geometry::kMaxCells} * wire::kCellBytes, Geometry::kMaxPayloadBytes)
          .is_sane());
}

TEST(Geometry, RefusesAMailboxThatCannotBeAndNamesTheOption) {
  EXPECT_THAT([] { Geometry::for_mailbox(0, 4096, kPayload); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("MailboxOptions::calls")));
  EXPECT_THAT([] { Geometry::for_mailbox(Geometry::kMaxSlots + 1, 4096, kPayload); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("MailboxOptions::calls")));
  EXPECT_THAT([] { Geometry::for_mailbox(1, std::size_t{Geometry::kMaxCells} * wire::kCellBytes + 1, kPayload); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("MailboxOptions::bytes")));
  EXPECT_THAT([] { Geometry::for_mailbox(1, SIZE_MAX / 2, kPayload); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("MailboxOptions::bytes")));
  for (const std::size_t payload : {std::size_t{0}, Geometry::kMaxPayloadBytes + 1, SIZE_MAX}) {
    EXPECT_THAT([&] { Geometry::for_mailbox(1, 4096, payload); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("MailboxOptions::payload")));
  }
}

TEST(Geometry, ThatAPeerProposesIsInsaneWithoutSlotsOrRoom) {
  const Geometry sane = Geometry::for_mailbox(4, 4096, kPayload);
  const auto changed = [&](auto change) {
    Geometry geometry = sane;
    change(geometry);
    return geometry;
  };
  EXPECT_FALSE(Geometry{}.is_sane());
  EXPECT_FALSE(changed([](Geometry& geometry) { geometry.slots = 0; }).is_sane());
  EXPECT_FALSE(changed([](Geometry& geometry) { geometry.slots = Geometry::kMaxSlots + 1; }).is_sane());
  EXPECT_FALSE(changed([](Geometry& geometry) { geometry.request_cells = Geometry::kMinCells - 1; }).is_sane());
  EXPECT_FALSE(changed([](Geometry& geometry) { geometry.request_cells = UINT32_MAX; }).is_sane());
  EXPECT_FALSE(changed([](Geometry& geometry) { geometry.reply_cells = geometry.slots + Geometry::kMinCells - 1; }).is_sane());
  EXPECT_FALSE(changed([](Geometry& geometry) { geometry.reply_cells = UINT32_MAX; }).is_sane());
  EXPECT_FALSE(changed([](Geometry& geometry) { geometry.payload_bytes = 0; }).is_sane());
  EXPECT_FALSE(changed([](Geometry& geometry) { geometry.payload_bytes = Geometry::kMaxPayloadBytes + 1; }).is_sane());
}

TEST(Geometry, CarriesPayloadsOfAQuarterOfARingInIt) {
  const Geometry geometry = Geometry::for_mailbox(4, 64 * 1024, kPayload);
  EXPECT_EQ(geometry.max_ring_request(), 16 * 1024 - sizeof(wire::RequestHeader));
  EXPECT_EQ(geometry.max_ring_reply(), 16 * 1024 - sizeof(wire::ReplyHeader));
}

TEST(Geometry, HasExtentsForTwoOfTheLargestPayloads) {
  const Geometry geometry = Geometry::for_mailbox(4, 4096, 10'000);
  EXPECT_GE(geometry.extent_bytes(), 20'000u);
  EXPECT_EQ(geometry.extent_bytes() % 4096, 0u);
}

}  // namespace
}  // namespace troupe::channel
