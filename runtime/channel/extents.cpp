// SPDX-License-Identifier: BSL-1.0
#include "channel/extents.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <system_error>
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

ExtentReader::Marks ExtentReader::read_marks(std::uint8_t flags, std::span<const std::byte>& record_payload) {
  if (flags > (wire::kInExtent | wire::kLeased)) throw ProtocolError(fmt::format("a record has the unknown flags {:#x}", flags));
  Marks marks;
  const bool is_in_extent = (flags & wire::kInExtent) != 0;
  if (is_in_extent) marks.extent = named_by(record_payload);
  if ((flags & wire::kLeased) == 0) return marks;
  const std::size_t size = is_in_extent ? marks.extent.bytes : record_payload.size();
  if (size <= wire::kLeaseBytes) throw ProtocolError("a record is too short for the lease that it has");
  const auto payload = is_in_extent ? mapped_at(marks.extent) : record_payload;
  std::memcpy(&marks.lease, payload.last(wire::kLeaseBytes).data(), wire::kLeaseBytes);
  if (is_in_extent) {
    marks.extent.bytes -= wire::kLeaseBytes;
  } else {
    record_payload = record_payload.first(size - wire::kLeaseBytes);
  }
  return marks;
}

// What cannot be read cannot be given back either.
std::span<const std::byte> ExtentReader::mapped_at(const wire::ExtentReference& extent) {
  try {
    return at(extent);
  } catch (const std::system_error& error) {
    throw ProtocolError(fmt::format("a record's lease cannot be read: {}", error.what()));
  }
}

wire::ExtentReference ExtentReader::named_by(std::span<const std::byte> record_payload) const {
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
