// SPDX-License-Identifier: BSL-1.0
#include "channel/extents.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace troupe::channel {

std::optional<ExtentWriter::Place> ExtentWriter::take(std::size_t bytes) {
  if (!mapping_) mapping_ = platform::Mapping(memory_, platform::Access::read_write);
  const std::uint64_t wanted = platform::SharedMemory::in_pages(bytes);
  std::uint64_t begin = 0;
  auto next = used_.begin();
  for (; next != used_.end() && next->begin - begin < wanted; ++next) begin = next->end;
  if (next == used_.end() && memory_.size_bytes() - begin < wanted) return std::nullopt;
  const std::uint64_t end = begin + wanted;
  used_.insert(next, {begin, end});
  const Place place{{begin, bytes}, std::clamp(backed_end_, begin, end)};
  if (begin <= backed_end_) backed_end_ = std::max(backed_end_, end);
  touched_end_ = std::max(touched_end_, end);
  return place;
}

std::byte* ExtentWriter::open(const Place& place) const {
  const std::uint64_t end = place.extent.offset + platform::SharedMemory::in_pages(place.extent.bytes);
  if (place.cold_from < end) memory_.back(place.cold_from, end - place.cold_from);
  return mapping_.data() + place.extent.offset;
}

void ExtentWriter::give_back(const wire::ExtentReference& extent, bool is_backed) {
  used_.erase(std::lower_bound(used_.begin(), used_.end(), extent.offset,
                               [](const Range& each, std::uint64_t offset) { return each.begin < offset; }));
  if (!is_backed) backed_end_ = std::min(backed_end_, extent.offset);
}

bool ExtentWriter::trim() {
  const std::uint64_t keep = std::max<std::uint64_t>(kWarmBytes, used_.empty() ? 0 : used_.back().end);
  if (touched_end_ <= keep) return false;
  const std::uint64_t from = touched_end_ - std::min<std::uint64_t>(touched_end_ - keep, kTrimBytes);
  memory_.discard(from, touched_end_ - from);
  touched_end_ = from;
  backed_end_ = std::min(backed_end_, from);
  return true;
}

wire::ExtentReference ExtentReader::named_by(std::uint8_t flags, std::span<const std::byte> record_payload) const {
  if (flags != wire::kInExtent) throw ProtocolError(fmt::format("a record has the unknown flags {:#x}", flags));
  wire::ExtentReference extent;  // copied out once; checked and used only here
  if (record_payload.size() != sizeof extent) throw ProtocolError("a record that should name an extent does not");
  std::memcpy(&extent, record_payload.data(), sizeof extent);
  const bool is_within = extent.bytes <= size_bytes_ && extent.offset <= size_bytes_ - extent.bytes;
  if (extent.bytes == 0 || !is_within || extent.offset % wire::kCellBytes != 0) {
    throw ProtocolError(
        fmt::format("a record names {} bytes at {} of extents that have {} bytes", extent.bytes, extent.offset, size_bytes_));
  }
  return extent;
}

std::span<const std::byte> ExtentReader::at(const wire::ExtentReference& extent) {
  if (!mapping_) {
    mapping_ = platform::Mapping(memory_, platform::Access::read_only);
    memory_ = {};
  }
  return {mapping_.data() + extent.offset, extent.bytes};
}

}  // namespace troupe::channel
