// SPDX-License-Identifier: BSL-1.0
#include "manager/references.hpp"

#include <algorithm>
#include <utility>

namespace troupe::manager {

void References::hold(ActorId actor, ClientId client, Party party) {
  auto& holds = actors_[actor].holds;
  auto hold = std::find_if(holds.begin(), holds.end(), [&](const Hold& each) { return each.client == client; });
  if (hold == holds.end()) hold = holds.insert(holds.end(), Hold{client, 0, party.actor == actor});
  ++hold->grants;
}

void References::let_go(ActorId actor, ClientId client, std::uint64_t grants) {
  const auto found = actors_.find(actor);
  if (found == actors_.end()) return;
  auto& holds = found->second.holds;
  const auto hold = std::find_if(holds.begin(), holds.end(), [&](const Hold& each) { return each.client == client; });
  if (hold == holds.end()) return;
  hold->grants -= std::min(grants, hold->grants);
  if (hold->grants != 0) return;
  holds.erase(hold);
  doubtful_.push_back(actor);
  drop_if_empty(actor);
}

bool References::begin(const Lease& lease, Party reader, bool is_reply, std::span<const ActorId> actors) {
  if (actors.empty()) return true;
  const auto early = early_.find(lease);
  const bool is_known = early != early_.end() && early->second.reader == reader;
  if (is_known && early->second.is_over) return true;
  std::size_t& in_flight = in_flight_[lease.sender];
  if (in_flight + actors.size() > kMostInFlight) return false;
  Envelope& envelope = leases_.try_emplace(lease, Envelope{reader, is_reply, is_known, false, {}}).first->second;
  for (const ActorId actor : actors) {
    if (!actors_[actor].leases.insert(lease).second) continue;
    envelope.actors.push_back(actor);
    ++in_flight;
  }
  return true;
}

// Past the limit a proxy may keep its actor for too long.
void References::note_early(const Lease& lease, Early early) {
  if (early_.size() < kMostEarly || early_.contains(lease)) early_[lease] = early;
}

bool References::is_received_early(const Lease& lease, Party reader) const {
  const auto early = early_.find(lease);
  return early != early_.end() && early->second.reader == reader && !early->second.is_over;
}

void References::receive(const Lease& lease, Party reader) {
  const auto found = leases_.find(lease);
  if (found != leases_.end() && found->second.reader == reader) found->second.is_received = true;
}

void References::end(const Lease& lease, Party by) {
  const auto found = leases_.find(lease);
  if (found != leases_.end() && (by == lease.sender || by == found->second.reader)) erase(found);
}

void References::keep_arguments(const Lease& lease, ActorId of) {
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return;
  const auto actors = found->second.actors;
  begin({{of, 0}, UINT64_MAX}, {}, false, actors);
}

void References::end_unread(Party sender, Party reader, bool are_replies) {
  for (auto each = leases_.lower_bound({sender, 0}); each != leases_.end() && each->first.sender == sender;) {
    const Envelope& envelope = each->second;
    const bool is_meant = envelope.reader == reader && envelope.is_reply == are_replies && !envelope.is_received;
    each = is_meant ? erase(each) : std::next(each);
  }
}

std::vector<ActorId> References::readers_of_requests(Party sender) const {
  std::vector<ActorId> readers;
  for (auto each = leases_.lower_bound({sender, 0}); each != leases_.end() && each->first.sender == sender; ++each) {
    const ActorId reader = each->second.reader.actor;
    if (!each->second.is_reply && reader != ActorId() && (readers.empty() || readers.back() != reader)) readers.push_back(reader);
  }
  return readers;
}

References::Envelopes::iterator References::erase(Envelopes::iterator envelope) {
  const auto& [lease, content] = *envelope;
  for (const ActorId actor : content.actors) {
    actors_[actor].leases.erase(lease);
    doubtful_.push_back(actor);
    drop_if_empty(actor);
  }
  if (const auto flying = in_flight_.find(lease.sender); (flying->second -= content.actors.size()) == 0) in_flight_.erase(flying);
  return leases_.erase(envelope);
}

void References::drop_if_empty(ActorId actor) {
  const auto found = actors_.find(actor);
  if (found != actors_.end() && found->second.holds.empty() && found->second.leases.empty()) actors_.erase(found);
}

void References::client_gone(ClientId client) {
  for (auto next = actors_.begin(); next != actors_.end();) {
    const ActorId actor = next++->first;  // it may go
    let_go(actor, client, UINT64_MAX);
  }
}

void References::party_gone(Party party) {
  for (auto each = leases_.begin(); each != leases_.end();) {
    const bool is_to_it = each->second.reader == party;
    const bool is_constructors = each->first.sender == party && !each->second.reader;
    each = is_to_it || is_constructors ? erase(each) : std::next(each);
  }
  std::erase_if(early_, [&](const auto& each) { return each.first.sender == party || each.second.reader == party; });
}

void References::life_gone(ActorId actor) {
  std::erase_if(early_, [&](const auto& each) { return each.first.sender == Party{actor, 0}; });
}

// An envelope that is on its way stays known, with what else is in it.
void References::actor_gone(ActorId actor) {
  std::erase(doubtful_, actor);
  const auto found = actors_.find(actor);
  if (found == actors_.end()) return;
  for (const Lease& lease : std::exchange(found->second.leases, {})) {
    const auto envelope = leases_.find(lease);
    std::erase(envelope->second.actors, actor);
    --in_flight_.at(lease.sender);
    if (envelope->second.actors.empty()) erase(envelope);
  }
  actors_.erase(actor);
}

bool References::has_other_holder(const Actor& actor) {
  return std::any_of(actor.holds.begin(), actor.holds.end(), [](const Hold& each) { return !each.is_own; });
}

bool References::is_held(ActorId actor) const {
  const auto found = actors_.find(actor);
  return found != actors_.end() && (has_other_holder(found->second) || !found->second.leases.empty());
}

std::vector<ClientId> References::holders(ActorId actor) const {
  std::vector<ClientId> clients;
  if (const auto found = actors_.find(actor); found != actors_.end()) {
    for (const Hold& hold : found->second.holds) clients.push_back(hold.client);
  }
  return clients;
}

std::size_t References::leases(ActorId actor) const {
  const auto found = actors_.find(actor);
  return found == actors_.end() ? 0 : found->second.leases.size();
}

std::size_t References::in_flight(Party sender) const {
  const auto found = in_flight_.find(sender);
  return found == in_flight_.end() ? 0 : found->second;
}

std::vector<ActorId> References::take_doubtful() { return std::exchange(doubtful_, {}); }

std::vector<References::Unread> References::unread_replies_that_keep(ActorId actor) {
  const auto found = actors_.find(actor);
  if (found == actors_.end() || has_other_holder(found->second)) return {};
  std::vector<Unread> unread;
  for (const Lease& lease : found->second.leases) {
    Envelope& envelope = leases_.at(lease);
    if (!envelope.is_reply || envelope.is_received || std::exchange(envelope.is_called_for, true)) continue;
    unread.push_back({lease, envelope.reader});
  }
  return unread;
}

}  // namespace troupe::manager
