// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "wire/control.hpp"

namespace troupe::manager {

// The last ends of lives, of all actors, for people who ask what happened. Bounded: when there are too many, the oldest that
// nobody need wonder about (it was stopped, killed or left by whom it belonged to) is forgotten, else the oldest. A value; pure.
class Deaths {
 public:
  static constexpr std::size_t kMost = 64;

  // Gives it its number.
  void add(wire::DeathRecord death);
  // The newest with a number below `before` (0: any) of that name (empty: any). nullptr: there is none.
  const wire::DeathRecord* find(const std::string& name, std::uint64_t before) const;

 private:
  std::deque<wire::DeathRecord> deaths_;  // oldest first
  std::uint64_t last_number_ = 0;
};

}  // namespace troupe::manager
