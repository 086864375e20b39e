// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "wire/control.hpp"

namespace troupe::manager {

// The last lines of one captured actor, over all its lives. Bounded: the oldest are forgotten. A value; pure.
class Printout {
 public:
  static constexpr std::size_t kMostLines = 1000;
  static constexpr std::size_t kMostBytes = 128 * 1024;  // of all lines

  // Gives it its number. The very last one stays, however long it is.
  void add(wire::KeptLine line);
  // So many of the lines after that as fit a message.
  void read(const wire::ReadOutput& order, wire::KeptOutput& answer) const;

 private:
  std::deque<wire::KeptLine> lines_;  // numbered without a gap
  std::size_t bytes_ = 0;
  std::uint64_t last_number_ = 0;
};

// Those of all captured actors that have a name; of actors that have ended the last few. A value; pure.
class Printouts {
 public:
  static constexpr std::size_t kMostEnded = 16;

  void add(ActorId actor, const std::string& name, wire::KeptLine line);
  // For good.
  void ended(ActorId actor);
  // nullptr: it has printed nothing, or was forgotten.
  const Printout* find(ActorId actor) const;
  // The last one that had that name. None: nobody.
  ActorId last_of(const std::string& name) const;

 private:
  struct Entry {
    std::string name{};
    Printout printout{};
  };

  std::map<ActorId, Entry> entries_;
  std::deque<ActorId> ended_;  // oldest first
};

}  // namespace troupe::manager
