// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/timeout.hpp>

#include <chrono>
#include <compare>
#include <cstdint>

namespace troupe {

// Names one group within its manager; never used again for another. 0 names none.
struct GroupId {
  std::uint64_t value = 0;

  friend auto operator<=>(const GroupId&, const GroupId&) = default;
};

// Who is started again when a child of a group has failed. one_for_one: that child alone. one_for_all: all children; those
// that still live are ended first. rest_for_one: that child and those that were added after it, since they may depend on it.
// Children are ended in the reverse of the order in which they were added, one after the other, and then started in it; with
// one_for_all and rest_for_one each start waits until the one before it has come up.
enum class Strategy : std::uint8_t { one_for_one, one_for_all, rest_for_one };

// How much failing a group puts up with. One failure more than `max` within the window, and the group gives up: it ends all
// its children, and the group above it, if there is one, takes that for the failure of a child of its own.
struct Intensity {
  unsigned max = 3;                           // failures that it restarts after; 0: it gives up at the first
  Timeout within = std::chrono::seconds(30);  // window
};

// GroupOptions{.strategy = Strategy::one_for_all, .intensity = {3, 30s}}
struct GroupOptions {
  Strategy strategy = Strategy::one_for_one;
  Intensity intensity = {};
};

}  // namespace troupe
