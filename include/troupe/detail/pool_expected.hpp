// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/crew.hpp>
#include <troupe/detail/zip.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::detail {

// How many items a range has, where it says so without being gone through.
template <class Range>
std::optional<std::size_t> known_count(Range& range) {
  if constexpr (KnowsItsSize<Range>) {
    return static_cast<std::size_t>(std::size(range));
  } else {
    return std::nullopt;
  }
}

// What a crew knows of items that it will be given bit by bit, for its progress: how many there are still to come, or that there
// is no telling. Forgotten when this goes. Thread-safety: none.
class ExpectedItems {
 public:
  ExpectedItems(std::shared_ptr<Crew> crew, std::optional<std::size_t> count)
      : crew_(std::move(crew)), left_(count.value_or(0)), is_unknown_(!count) {
    tell(static_cast<std::ptrdiff_t>(left_), is_unknown_ ? 1 : 0);
  }
  ExpectedItems(ExpectedItems&&) noexcept = default;
  ExpectedItems& operator=(ExpectedItems&& other) noexcept {
    if (this == &other) return *this;
    end();
    crew_ = std::move(other.crew_);
    left_ = other.left_;
    is_unknown_ = other.is_unknown_;
    return *this;
  }
  ~ExpectedItems() { end(); }

  // How many of so many are among them.
  std::size_t among(std::size_t count) const noexcept { return std::min(count, left_); }
  // So many have been submitted as expected.
  void note_submitted(std::size_t expected) noexcept { left_ -= expected; }
  // Of so many none will be submitted.
  void forget(std::size_t count) noexcept {
    const std::size_t forgotten = among(count);
    left_ -= forgotten;
    tell(-static_cast<std::ptrdiff_t>(forgotten), 0);
  }
  // There will be no more. Idempotent.
  void end() noexcept { tell(-static_cast<std::ptrdiff_t>(std::exchange(left_, 0)), std::exchange(is_unknown_, false) ? -1 : 0); }

 private:
  void tell(std::ptrdiff_t items, int unknown) noexcept {
    if (crew_ != nullptr && (items != 0 || unknown != 0)) crew_->expect(items, unknown);
  }

  std::shared_ptr<Crew> crew_;
  std::size_t left_;
  bool is_unknown_;
};

}  // namespace troupe::detail
