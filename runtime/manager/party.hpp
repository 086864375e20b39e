// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>

#include <compare>
#include <cstdint>

namespace troupe::manager {

// Names one client of this manager; never used again. 0 names none.
using ClientId = std::uint64_t;

// A process that sends and receives proxies: an actor's host, whichever of its connections it uses, or a program.
struct Party {
  ActorId actor{};
  ClientId client = 0;  // of a program; 0 for an actor

  explicit operator bool() const { return actor != ActorId() || client != 0; }
  friend auto operator<=>(const Party&, const Party&) = default;
};

}  // namespace troupe::manager
