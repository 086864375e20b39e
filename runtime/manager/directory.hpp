// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>

#include <string>
#include <unordered_map>

namespace troupe::manager {

// Which actor has which name. A name is taken from the moment that its actor is asked for until it has ended.
class Directory {
 public:
  // False when it is taken. The empty name is nobody's.
  bool reserve(const std::string& name, ActorId actor) { return name.empty() || names_.emplace(name, actor).second; }

  // Only if it is that actor's.
  void release(const std::string& name, ActorId actor) {
    const auto found = names_.find(name);
    if (found != names_.end() && found->second == actor) names_.erase(found);
  }

  // None: the name is free.
  ActorId find(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? ActorId() : found->second;
  }

 private:
  std::unordered_map<std::string, ActorId> names_;
};

}  // namespace troupe::manager
