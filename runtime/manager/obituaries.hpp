// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_map>
#include <utility>

#include "wire/control.hpp"

namespace troupe::manager {

// The last deaths, for those who ask late. Bounded: the oldest are forgotten.
class Obituaries {
 public:
  struct Obituary {
    wire::ActorKey key;
    wire::ActorDown down;
    bool was_wanted = false;  // such an end concerns nobody who is linked to it
  };
  static constexpr std::size_t kMost = 1000;

  void add(Obituary obituary) {
    const ActorId actor = obituary.down.actor;
    if (!by_actor_.emplace(actor, std::move(obituary)).second) return;
    in_order_.push_back(actor);
    if (in_order_.size() <= kMost) return;
    by_actor_.erase(in_order_.front());
    in_order_.pop_front();
  }

  // nullptr: it has not died, or long ago, or the key is wrong.
  const Obituary* find(ActorId actor, const wire::ActorKey& key) const {
    const auto found = by_actor_.find(actor);
    return found != by_actor_.end() && found->second.key == key ? &found->second : nullptr;
  }

 private:
  std::unordered_map<ActorId, Obituary> by_actor_;
  std::deque<ActorId> in_order_;  // oldest first
};

}  // namespace troupe::manager
