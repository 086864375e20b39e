// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>
#include <troupe/detail/link.hpp>
#include <troupe/runtime.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace troupe::command {

const char* text_of(ActorState state);

// As --json prints it: the names of its fields are a promise to scripts.
nlohmann::ordered_json json_of(const ActorInfo& actor);

// Prints it, and a line's end. Text that is no UTF-8 is printed with replacement characters.
void print(const nlohmann::ordered_json& value);

// What the manager knows of the actor of that name. Errors: as find_actor.
ActorInfo info_of(Runtime& runtime, const std::string& name);

// The living actor of that name. Errors: Failure, which says which names there are.
detail::LinkHandle find_actor(Runtime& runtime, const std::string& name);

}  // namespace troupe::command
