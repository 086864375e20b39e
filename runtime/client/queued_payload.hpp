// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace troupe::client {

// The bytes of a request that waits in a queue. Few of them have their place in here, so that a small call costs no allocation
// beside its entry's; more have memory of their own. The bytes are the caller's to write, and stay where they are until this is
// moved. Thread-safety: none.
class QueuedPayload {
 public:
  QueuedPayload() noexcept = default;
  // Errors: std::bad_alloc.
  explicit QueuedPayload(std::size_t bytes) : count_(bytes <= kBytesInPlace ? static_cast<std::uint32_t>(bytes) : kElsewhere) {
    if (count_ == kElsewhere) place_ = std::bit_cast<Place>(Elsewhere{new std::byte[bytes], bytes});
  }
  QueuedPayload(QueuedPayload&& other) noexcept : place_(other.place_), count_(std::exchange(other.count_, 0)) {}
  QueuedPayload& operator=(QueuedPayload&& other) noexcept {
    const QueuedPayload gone(std::move(*this));
    place_ = other.place_;
    count_ = std::exchange(other.count_, 0);
    return *this;
  }
  ~QueuedPayload() {
    if (count_ == kElsewhere) delete[] elsewhere().bytes;
  }

  std::byte* data() noexcept { return count_ == kElsewhere ? elsewhere().bytes : place_.data(); }
  const std::byte* data() const noexcept { return count_ == kElsewhere ? elsewhere().bytes : place_.data(); }
  std::size_t size() const noexcept { return count_ == kElsewhere ? elsewhere().count : count_; }
  std::span<const std::byte> bytes() const noexcept { return {data(), size()}; }

 private:
  struct Elsewhere {
    std::byte* bytes;
    std::size_t count;
  };
  static constexpr std::size_t kBytesInPlace = sizeof(Elsewhere);
  static constexpr std::uint32_t kElsewhere = UINT32_MAX;
  using Place = std::array<std::byte, kBytesInPlace>;

  Elsewhere elsewhere() const noexcept { return std::bit_cast<Elsewhere>(place_); }

  Place place_{};  // the bytes, or an Elsewhere
  std::uint32_t count_ = 0;
};

}  // namespace troupe::client
