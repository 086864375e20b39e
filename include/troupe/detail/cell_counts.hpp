// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

namespace troupe::detail {

// Who destroys a result's cell: one word, handles << 32 | references, where a handle is a reference, too. Whoever drops the last
// reference destroys. Handles are counted beside, because the last of them may move the value out while a reader of the channel
// still holds the cell. Tests put a model in the atomic's place (tests/client/model).
template <template <class> class Atomic = std::atomic>
struct CellCounts {
  using Word = Atomic<std::uint64_t>;

  static constexpr std::uint64_t kReference = 1;
  static constexpr std::uint64_t kHandle = (std::uint64_t{1} << 32) | kReference;

  // By who holds one already.
  static void add(Word& counts, std::uint64_t what) noexcept { counts.fetch_add(what, std::memory_order_relaxed); }

  // True: that was the last, and the caller destroys the cell. Who holds all that there is needs no atomic update to drop it:
  // nobody else can be counting.
  [[nodiscard]] static bool drop(Word& counts, std::uint64_t what) noexcept {
    return counts.load(std::memory_order_acquire) == what ||
           static_cast<std::uint32_t>(counts.fetch_sub(what, std::memory_order_acq_rel)) == kReference;
  }

  // Acquire: what the others did to the value before they dropped theirs is done.
  static bool is_last_handle(const Word& counts) noexcept { return counts.load(std::memory_order_acquire) >> 32 == 1; }
};

}  // namespace troupe::detail
