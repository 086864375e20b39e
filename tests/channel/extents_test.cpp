// SPDX-License-Identifier: BSL-1.0
#include "channel/extents.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <troupe/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <span>
#include <vector>

namespace troupe::channel {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kMiB = std::size_t{1} << 20;

class Extents : public ::testing::Test {
 protected:
  explicit Extents(std::size_t bytes = 1024 * kMiB)
      : memory_(platform::SharedMemory::create_sparse("a test's extents", bytes)), writer(shared()), reader(shared()) {}

  platform::SharedMemory shared() const { return platform::SharedMemory::adopt(memory_.handle().duplicate(), 0); }
  std::size_t backed_bytes() const {
    struct stat status {};
    EXPECT_EQ(::fstat(memory_.handle().get(), &status), 0);
    return static_cast<std::size_t>(status.st_blocks) * 512;
  }
  wire::ExtentReference write(std::size_t bytes, int value = 1) {
    const auto place = writer.take(bytes).value();
    std::memset(writer.open(place), value, bytes);
    return place.extent;
  }
  wire::ExtentReference named(std::uint64_t offset, std::uint64_t bytes, std::uint8_t flags = wire::kInExtent) {
    const wire::ExtentReference extent{offset, bytes};
    auto record = std::as_bytes(std::span(&extent, 1));
    return reader.read_marks(flags, record).extent;
  }

 private:
  const platform::SharedMemory memory_;

 protected:
  ExtentWriter writer;
  ExtentReader reader;
};

class SmallExtents : public Extents {
 protected:
  SmallExtents() : Extents(8 * kPage) {}
};

TEST_F(SmallExtents, TakeNoMemoryUntilTheyAreOpened) {
  EXPECT_EQ(backed_bytes(), 0u);
  const auto place = writer.take(1).value();
  EXPECT_EQ(backed_bytes(), 0u);
  writer.open(place);
  EXPECT_EQ(backed_bytes(), kPage);
}

TEST_F(SmallExtents, ShowTheReaderWhatWasWritten) {
  const auto extent = write(2 * kPage + 1, 7);
  const auto bytes = reader.at(named(extent.offset, extent.bytes));
  ASSERT_EQ(bytes.size(), 2 * kPage + 1);
  EXPECT_EQ(bytes.front(), std::byte{7});
  EXPECT_EQ(bytes.back(), std::byte{7});
}

TEST_F(SmallExtents, AreTakenFromTheLowestThatFits) {
  const auto first = write(kPage), second = write(2 * kPage), third = write(1);
  EXPECT_EQ(first.offset, 0u);
  EXPECT_EQ(second.offset, kPage);
  EXPECT_EQ(third.offset, 3 * kPage);
  writer.give_back(second);
  EXPECT_EQ(write(3 * kPage).offset, 4 * kPage);
  EXPECT_EQ(write(kPage).offset, kPage);
  EXPECT_EQ(write(kPage).offset, 2 * kPage);
}

TEST_F(SmallExtents, AreThereUntilAllIsInUse) {
  const auto whole = write(8 * kPage);
  EXPECT_FALSE(writer.take(1));
  writer.give_back(whole);
  EXPECT_TRUE(writer.take(8 * kPage));
}

TEST_F(SmallExtents, NeverOverlap) {
  std::mt19937 random(1);
  std::vector<wire::ExtentReference> used;
  for (int step = 0; step < 20'000; ++step) {
    if (!used.empty() && random() % 2 == 0) {
      const std::size_t which = random() % used.size();
      writer.give_back(used[which], random() % 8 != 0);
      used.erase(used.begin() + static_cast<std::ptrdiff_t>(which));
    } else if (const auto place = writer.take(1 + random() % (3 * kPage))) {
      const auto overlaps = [&](const wire::ExtentReference& each) {
        return each.offset < place->extent.offset + place->extent.bytes && place->extent.offset < each.offset + each.bytes;
      };
      ASSERT_TRUE(std::none_of(used.begin(), used.end(), overlaps));
      ASSERT_LE(place->extent.offset + place->extent.bytes, 8 * kPage);
      used.push_back(place->extent);
    }
  }
}

// Backing is what keeps a write from failing; a hole that is taken for backed would not show until memory is short.
TEST_F(SmallExtents, AreBackedAllOverWhateverCouldNotBeBackedBefore) {
  std::mt19937 random(2);
  std::vector<wire::ExtentReference> used;
  for (int step = 0; step < 5'000; ++step) {
    if (!used.empty() && random() % 2 == 0) {
      const std::size_t which = random() % used.size();
      writer.give_back(used[which]);
      used.erase(used.begin() + static_cast<std::ptrdiff_t>(which));
    } else if (const auto place = writer.take(1 + random() % (3 * kPage))) {
      if (random() % 4 == 0) {
        writer.give_back(place->extent, false);
      } else {
        writer.open(*place);
        used.push_back(place->extent);
      }
    }
    std::size_t pages = 0;
    for (const auto& each : used) pages += (each.bytes + kPage - 1) / kPage;
    ASSERT_GE(backed_bytes(), pages * kPage);
  }
}

TEST_F(SmallExtents, ThatNoRecordMayNameAreRefused) {
  const std::size_t all = 8 * kPage;
  EXPECT_EQ(named(0, all).bytes, all);
  EXPECT_EQ(named(all - 64, 64).offset, all - 64);
  EXPECT_THROW(named(0, 0), ProtocolError);
  EXPECT_THROW(named(0, all + 1), ProtocolError);
  EXPECT_THROW(named(64, all), ProtocolError);
  EXPECT_THROW(named(all, 1), ProtocolError);
  EXPECT_THROW(named(1, 1), ProtocolError);
  EXPECT_THROW(named(UINT64_MAX - 63, 64), ProtocolError);
  EXPECT_THROW(named(64, UINT64_MAX), ProtocolError);
  EXPECT_THROW(named(0, 64, 4), ProtocolError);
  EXPECT_THROW(named(0, 64, 0xff), ProtocolError);
  std::span<const std::byte> nothing;
  EXPECT_THROW((void)reader.read_marks(wire::kInExtent, nothing), ProtocolError);
}

TEST_F(SmallExtents, GiveTheLeaseBehindThePayload) {
  const std::uint64_t lease = 4711;
  const auto place = writer.take(100 + sizeof lease).value();
  std::memcpy(writer.open(place) + 100, &lease, sizeof lease);
  auto record = std::as_bytes(std::span(&place.extent, 1));
  const auto marks = reader.read_marks(wire::kInExtent | wire::kLeased, record);
  EXPECT_EQ(marks.lease, lease);
  EXPECT_EQ(marks.extent.bytes, 100u);
  EXPECT_EQ(marks.extent.offset, place.extent.offset);
}

TEST_F(SmallExtents, LeaveALeaseInTheRecordWhereThePayloadIs) {
  std::array<std::byte, 20> payload{};
  payload[12] = std::byte{7};
  std::span<const std::byte> record = payload;
  const auto marks = reader.read_marks(wire::kLeased, record);
  EXPECT_EQ(marks.lease, 7u);
  EXPECT_EQ(marks.extent.bytes, 0u);
  EXPECT_EQ(record.size(), 12u);
  std::span<const std::byte> lease_only = std::span(payload).last(8);
  EXPECT_THROW((void)reader.read_marks(wire::kLeased, lease_only), ProtocolError);
  EXPECT_THROW(named(0, 8, wire::kInExtent | wire::kLeased), ProtocolError);
}

TEST_F(Extents, OfManyPayloadsInTurnStayWithinTheMemoryOfOne) {
  for (int i = 0; i < 20; ++i) writer.give_back(write(20 * kMiB));
  EXPECT_EQ(backed_bytes(), 20 * kMiB);
  EXPECT_FALSE(writer.has_excess());
}

TEST_F(Extents, GiveBackWhatIsPastTheWarmLimit) {
  const auto first = write(60 * kMiB), second = write(60 * kMiB), third = write(60 * kMiB);
  EXPECT_TRUE(writer.has_excess());
  EXPECT_FALSE(writer.trim());  // all is in use
  writer.give_back(second);
  EXPECT_FALSE(writer.trim());  // the last one is in use
  writer.give_back(third);
  while (writer.trim()) continue;
  EXPECT_EQ(backed_bytes(), ExtentWriter::kWarmBytes);
  EXPECT_FALSE(writer.has_excess());
  writer.give_back(first);
  EXPECT_EQ(write(100 * kMiB, 3).offset, 0u);
  EXPECT_EQ(backed_bytes(), 100 * kMiB);
  EXPECT_EQ(reader.at({0, 100 * kMiB}).back(), std::byte{3});
}

}  // namespace
}  // namespace troupe::channel
