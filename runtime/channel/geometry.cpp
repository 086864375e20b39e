// SPDX-License-Identifier: BSL-1.0
#include "channel/geometry.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::channel {

Geometry Geometry::for_mailbox(std::size_t calls, std::size_t bytes, std::size_t payload_bytes) {
  if (calls < 1 || calls > kMaxSlots) {
    throw std::invalid_argument(fmt::format("MailboxOptions::calls is {}; it must be 1 to {}", calls, kMaxSlots));
  }
  const std::size_t cells = std::max<std::size_t>((bytes + wire::kCellBytes - 1) / wire::kCellBytes, kMinCells);
  if (cells > kMaxCells) {
    throw std::invalid_argument(
        fmt::format("MailboxOptions::bytes is {}; it must be at most {}", bytes, std::size_t{kMaxCells} * wire::kCellBytes));
  }
  if (payload_bytes < 1 || payload_bytes > kMaxPayloadBytes) {
    throw std::invalid_argument(
        fmt::format("MailboxOptions::payload is {}; it must be 1 to {} bytes", payload_bytes, kMaxPayloadBytes));
  }
  const auto ring = static_cast<std::uint32_t>(cells);
  const auto slots = static_cast<std::uint32_t>(calls);
  return {slots, ring, slots + ring, payload_bytes};
}

}  // namespace troupe::channel
