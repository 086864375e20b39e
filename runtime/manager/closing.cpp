// SPDX-License-Identifier: BSL-1.0
#include "manager/closing.hpp"

#include <troupe/error.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "manager/listing.hpp"

namespace troupe::manager {

void Closing::on(ClientId client, const wire::Shutdown& message) {
  if (!tables_.clients.find(client)->is_program())
    throw ProtocolError("an actor wants to shut down the runtime that it lives in");
  if (!tables_.clients.find(client)->is_owner) return stop_own(client, message);
  requesters_.push_back({client, message.request});
  tables_.is_closing = true;
  const std::chrono::nanoseconds grace(std::max<std::int64_t>(message.grace_ns, 0));
  for (const ActorId actor : tables_.hosts.actors()) {
    if (HostRecord* host = tables_.hosts.find(actor)) ending_.stop(*host, grace);
  }
  look_whether_done();
}

void Closing::owner_gone() { kill_all("the program has ended"); }
void Closing::end_all() { kill_all("the manager ends"); }

void Closing::kill_all(const char* why) {
  is_last_ = true;
  tables_.is_closing = true;
  for (const ActorId actor : tables_.hosts.actors()) {
    HostRecord* host = tables_.hosts.find(actor);
    if (host != nullptr) ending_.kill(*host, Asked::parent_gone, failure_of(wire::Refusal::stopped, why));
  }
  look_whether_done();
}

void Closing::stop_all(std::chrono::nanoseconds grace) {
  is_last_ = true;
  tables_.is_closing = true;
  for (const ActorId actor : tables_.hosts.actors()) {
    if (HostRecord* host = tables_.hosts.find(actor)) ending_.stop(*host, grace);
  }
  look_whether_done();
}

// Its scoped actors, those of its groups among them. It starts no others afterwards, as with a manager of its own.
void Closing::stop_own(ClientId client, const wire::Shutdown& message) {
  tables_.clients.find(client)->is_leaving = true;
  leaving_[client].requests.push_back(message.request);
  const std::chrono::nanoseconds grace(std::max<std::int64_t>(message.grace_ns, 0));
  for (const ActorId actor : tables_.hosts.actors()) {
    HostRecord* host = tables_.hosts.find(actor);
    if (host != nullptr && host->spawner == client && host->is_scoped) ending_.stop(*host, grace);
  }
  look_who_has_left();
}

bool Closing::has_own(ClientId client) const {
  return std::ranges::any_of(tables_.hosts.all(),
                             [client](const auto& each) { return each.second->spawner == client && each.second->is_scoped; });
}

void Closing::look_who_has_left() {
  for (auto next = leaving_.begin(); next != leaving_.end();) {
    if (has_own(next->first)) {
      ++next;
      continue;
    }
    for (const std::uint64_t request : next->second.requests) answer({next->first, request}, next->second.killed);
    next = leaving_.erase(next);
  }
}

// Of one that never came up, who wanted it has been told.
void Closing::host_ended(const HostRecord& host, const DeathCause& cause) {
  const auto leaving = leaving_.find(host.spawner);
  const bool is_meant = tables_.is_closing || (leaving != leaving_.end() && host.is_scoped);
  if (host.stage != Stage::running || !is_meant || !has_outstayed_grace(host, cause)) return;
  auto& killed = leaving != leaving_.end() ? leaving->second.killed : killed_;
  killed.push_back(info_of(host));
  killed.back().state = ActorState::dead;
  killed.back().last_death = cause;
}

void Closing::look_whether_done() {
  look_who_has_left();
  if (!tables_.is_closing || !tables_.hosts.is_empty()) return;
  spawning_.end();
  if (!children_.is_empty()) return;  // their end leads here again
  answer_requesters();
  if (is_last_) tables_.loop.stop();
}

void Closing::answer_requesters() {
  if (requesters_.empty()) return;
  const auto killed = std::exchange(killed_, {});
  for (const Requester& each : std::exchange(requesters_, {})) answer(each, killed);
}

void Closing::answer(const Requester& requester, const std::vector<ActorInfo>& killed) {
  send_in_parts(killed, [&](std::vector<ActorInfo> part, bool has_more) {
    tables_.clients.send(requester.client, wire::AllStopped{requester.request, std::move(part), has_more});
  });
}

}  // namespace troupe::manager
