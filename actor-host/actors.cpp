// SPDX-License-Identifier: BSL-1.0
#include "actors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/quoted_name.hpp"
#include "client/session.hpp"
#include "exit_code.hpp"
#include "table.hpp"

namespace troupe::command {

using Json = nlohmann::ordered_json;

const char* text_of(ActorState state) {
  switch (state) {
    case ActorState::starting:
      return "starting";
    case ActorState::running:
      return "running";
    case ActorState::stopping:
      return "stopping";
    case ActorState::dead:
      return "dead";
  }
  return "unknown";
}

Json json_of(const ActorInfo& actor) {
  Json json;
  json["id"] = actor.id.value;
  json["name"] = actor.name;
  json["type"] = actor.type;
  json["pid"] = actor.pid;
  json["state"] = text_of(actor.state);
  json["incarnation"] = actor.incarnation;
  json["mailbox_depth"] = actor.mailbox_depth;
  json["calls_handled"] = actor.calls_handled;
  json["restarts"] = actor.restarts;
  json["memory_bytes"] = actor.memory;
  json["running"] = actor.running.empty() ? Json() : Json(actor.running);
  json["running_seconds"] = actor.running.empty() ? Json() : Json(std::chrono::duration<double>(actor.running_for).count());
  json["parent"] = actor.parent == ActorId() ? Json() : Json(actor.parent.value);
  json["last_death"] = actor.last_death ? Json(actor.last_death->text()) : Json();
  return json;
}

void print(const Json& value) { fmt::print("{}\n", value.dump(2, ' ', true, Json::error_handler_t::replace)); }

namespace {

std::string no_actor_text(const std::vector<ActorInfo>& actors, const std::string& name) {
  std::vector<std::string> names;
  for (const ActorInfo& each : actors) {
    if (!each.name.empty()) names.push_back(each.name);
  }
  const std::string others = names.empty() ? "no actor there has a name" : fmt::format("there are: {}", fmt::join(names, ", "));
  return fmt::format("there is no actor named {}; {}", detail::quoted_name(name), others);
}

}  // namespace

ActorInfo info_of(Runtime& runtime, const std::string& name) {
  auto actors = runtime.actors();
  const auto found = std::ranges::find(actors, name, &ActorInfo::name);
  if (name.empty() || found == actors.end()) throw Failure(ExitCode::no_actor, no_actor_text(actors, name));
  return std::move(*found);
}

detail::LinkHandle find_actor(Runtime& runtime, const std::string& name) {
  auto link = detail::RuntimeAccess::session(runtime)->find_any(name);
  if (!link) throw Failure(ExitCode::no_actor, no_actor_text(runtime.actors(), name));
  return std::move(*link);
}

}  // namespace troupe::command
