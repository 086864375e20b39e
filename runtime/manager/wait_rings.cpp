// SPDX-License-Identifier: BSL-1.0
#include "manager/wait_rings.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace troupe::manager {

ActorId WaitRings::actor_of(ClientId client) const {
  const ClientRecord* record = tables_.clients.find(client);
  if (record == nullptr || record->is_program()) throw ProtocolError("a program speaks of an actor's waits");
  return record->actor;
}

void WaitRings::on(ClientId client, const wire::Waits& message) {
  const ActorId actor = actor_of(client);
  waits_[actor] = {message.actor, message.number, client};
  auto ring = ring_of(actor);
  if (!ring.empty()) suspect(actor, std::move(ring));
}

// Who waits for whom, from `first` on until it comes back there; empty: it does not.
std::vector<ActorId> WaitRings::ring_of(ActorId first) const {
  std::vector<ActorId> ring;
  for (ActorId actor = first; ring.size() <= waits_.size();) {
    const auto wait = waits_.find(actor);
    if (wait == waits_.end()) return {};
    ring.push_back(actor);
    actor = wait->second.for_actor;
    if (actor == first) return ring;
  }
  return {};  // it leads into a ring that this one is not in
}

void WaitRings::suspect(ActorId closer, std::vector<ActorId> ring) {
  Suspicion suspicion;
  for (const ActorId actor : ring) suspicion.waits.push_back(waits_.at(actor));
  suspicion.unheard = ring.size();
  suspicion.ring = std::move(ring);
  for (const Wait& wait : suspicion.waits)
    tables_.clients.send(wait.client, wire::ConfirmWait{wait.number, closer, suspicion.waits.front().number});
  suspicions_[closer] = std::move(suspicion);
}

void WaitRings::on(ClientId client, const wire::StillWaits& message) {
  const ActorId actor = actor_of(client);
  const auto found = suspicions_.find(message.closer);
  if (found == suspicions_.end() || found->second.waits.front().number != message.closer_number) return;  // an earlier one
  Suspicion& suspicion = found->second;
  const auto member = std::find(suspicion.ring.begin(), suspicion.ring.end(), actor);
  if (member == suspicion.ring.end()) return;
  if (!message.is_waiting) {
    suspicions_.erase(found);
    return;
  }
  Wait& wait = suspicion.waits[static_cast<std::size_t>(member - suspicion.ring.begin())];
  if (wait.client != client || std::exchange(wait.client, 0) == 0 || --suspicion.unheard != 0) return;
  const wire::WaitsForEver verdict{message.closer_number, text_of(suspicion.ring)};
  const ClientId closer = waits_.at(message.closer).client;
  suspicions_.erase(found);
  tables_.clients.send(closer, verdict);
}

std::string WaitRings::text_of(const std::vector<ActorId>& ring) const {
  std::string text;
  for (const ActorId actor : ring) text += name_of(actor) + " waits for ";
  return text + name_of(ring.front());
}

std::string WaitRings::name_of(ActorId actor) const {
  const HostRecord* host = tables_.hosts.find(actor);
  return host != nullptr ? manager::name_of(*host) : fmt::format("actor {}", actor.value);
}

void WaitRings::client_gone(const ClientRecord& client) {
  const auto wait = waits_.find(client.actor);
  if (wait == waits_.end() || wait->second.client != client.id) return;
  waits_.erase(wait);
  std::erase_if(suspicions_, [&](const auto& each) {
    const auto& ring = each.second.ring;
    return std::find(ring.begin(), ring.end(), client.actor) != ring.end();
  });
}

}  // namespace troupe::manager
