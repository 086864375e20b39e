// SPDX-License-Identifier: BSL-1.0
#include "manager/links.hpp"

#include <fmt/core.h>

#include <chrono>
#include <utility>

namespace troupe::manager {

namespace {

constexpr std::chrono::seconds kGrace(5);

// Without a backtrace, and what else there may be of it.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// In a chain of them each tells of the one before: not of what the processes had used.
std::string end_of(const wire::ActorDown& down) {
  DeathCause cause = down.cause;
  cause.resource_usage = {};
  return name_of(down.actor, down.name, down.type) + ": " + first_line(cause.text());
}

}  // namespace

void Links::on(ClientId, const wire::LinkActors& message) {
  HostRecord* one = tables_.hosts.find(message.one.id, message.one.key);
  HostRecord* other = tables_.hosts.find(message.other.id, message.other.key);
  if (one == other) return;  // both have ended; no honest client links an actor to itself
  if (one == nullptr) return link_to_dead(*other, message.one);
  if (other == nullptr) return link_to_dead(*one, message.other);
  linked_[one->actor.id].insert(other->actor.id);
  linked_[other->actor.id].insert(one->actor.id);
}

void Links::on(ClientId, const wire::UnlinkActors& message) {
  const bool may_speak = tables_.hosts.find(message.one.id, message.one.key) != nullptr &&
                         tables_.hosts.find(message.other.id, message.other.key) != nullptr;
  if (!may_speak) return;  // the end of either has cut it
  cut(message.one.id, message.other.id);
  cut(message.other.id, message.one.id);
}

void Links::cut(ActorId one, ActorId other) {
  const auto found = linked_.find(one);
  if (found == linked_.end()) return;
  found->second.erase(other);
  if (found->second.empty()) linked_.erase(found);
}

// As if it had been linked before that end. Of one that ended too long ago nobody knows how: who counts on it does so in vain.
void Links::link_to_dead(HostRecord& host, const wire::ActorReference& dead) {
  const auto* obituary = tables_.obituaries.find(dead.id, dead.key);
  if (obituary != nullptr && obituary->was_wanted) return;
  drag_along(host, obituary != nullptr ? end_of(obituary->down) : fmt::format("actor {}: it ended long ago", dead.id.value));
}

// Its links go first: so a circle of them ends.
void Links::ended(const HostRecord& host, const DeathCause& cause) {
  const auto node = linked_.extract(host.actor.id);
  if (node.empty()) return;
  for (const ActorId each : node.mapped()) cut(each, host.actor.id);
  if (is_wanted_end(host, cause)) return;
  const wire::ActorDown down{.actor = host.actor.id, .name = host.actor.name, .type = host.actor.type, .cause = cause};
  const std::string whose_end = end_of(down);
  for (const ActorId each : node.mapped()) {
    if (HostRecord* linked = tables_.hosts.find(each)) drag_along(*linked, whose_end);
  }
}

// One that is being stopped already ends as it was asked to, and for the reason that came first.
void Links::drag_along(HostRecord& host, const std::string& whose_end) {
  if (host.asked == Asked::stop || host.asked == Asked::linked) return;
  host.linked_end = whose_end;
  ending_.stop(host, kGrace, Asked::linked);
}

}  // namespace troupe::manager
