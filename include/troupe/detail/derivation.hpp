// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/timeout.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

namespace troupe::detail {

// What a result comes from that is made of others' (its sources): a part of its cell. How it is made of them is left to those
// that derive from this.
// Thread-safety: full. Ownership: it holds handles of its sources, and all who look at them a pin; when the last pin goes, so do
// the handles, and the reference that the pins together hold on the cell. It begins with one pin, which its maker gives back.
class Derivation {
 public:
  Derivation(const Derivation&) = delete;
  Derivation& operator=(const Derivation&) = delete;

  // See ResultCell. Cancels each source that has not started; where there is one, the result is cancelled, too.
  bool cancel(std::optional<Timeout> force);
  bool is_running();
  // Whether it has no outcome before each of its sources has, unless one fails.
  virtual bool needs_all_sources() const noexcept { return true; }
  // Adds its sources, with a reference on each.
  void collect(std::vector<ResultCell*>& sources);

 protected:
  explicit Derivation(ResultCell& own) noexcept : own_(own) {}
  virtual ~Derivation() = default;

  // With a pin: the sources that it waits for now; null behind the last. One that may be put in its place later is read there, as
  // it is put there, by a sequentially consistent access.
  virtual ResultCell* source(std::size_t index) noexcept = 0;
  // Once, and nobody looks at them any more.
  virtual void drop_sources() noexcept = 0;
  // With a pin: it has been cancelled, and need not be told of its sources any more.
  virtual void forget() noexcept {}
  // Whether cancel() is under way, or has been successful: then an end of all sources is not the outcome.
  bool is_cancelling() const noexcept { return is_cancelling_.load(std::memory_order_seq_cst); }

  void add_pins(std::uint32_t count) noexcept { pins_.fetch_add(count, std::memory_order_relaxed); }  // has one
  bool pin() noexcept;                                                                                // false: all is over
  void unpin(std::uint32_t count = 1) noexcept;
  bool unpin_unless_last() noexcept;
  // A source has been put in its place: whoever waits for this result in a callback waits for that, too.
  void pass_on_wish(ResultCell& source);

  static std::exception_ptr cancellation();

  ResultCell& own_;

 private:
  class Pinned;

  bool end_cancelled();

  std::atomic<std::uint32_t> pins_{1};
  std::atomic<bool> is_cancelling_{false};
};

// The cell of a result that is made of others; what derives from it is a Derivation, too. No reply is ever decoded into it.
template <class T>
class DerivedCell : public TypedCell<T> {
 protected:
  explicit DerivedCell(const CellType& type) : TypedCell<T>(type, 1) {}  // the pins' reference
  ~DerivedCell() = default;

  template <class Self>
  static constexpr CellType type_of() {
    return {nullptr, [](ResultCell* cell) noexcept { delete static_cast<Self*>(cell); }, false,
            [](ResultCell& cell) noexcept -> Derivation* { return &static_cast<Self&>(cell); }};
  }
};

}  // namespace troupe::detail
