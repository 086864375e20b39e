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
  requesters_.push_back({client, message.request});
  tables_.is_closing = true;
  const std::chrono::nanoseconds grace(std::max<std::int64_t>(message.grace_ns, 0));
  for (const ActorId actor : tables_.hosts.actors()) {
    if (HostRecord* host = tables_.hosts.find(actor)) ending_.stop(*host, grace);
  }
  look_whether_done();
}

void Closing::owner_gone() {
  is_owner_gone_ = true;
  tables_.is_closing = true;
  for (const ActorId actor : tables_.hosts.actors()) {
    HostRecord* host = tables_.hosts.find(actor);
    if (host != nullptr) ending_.kill(*host, Asked::parent_gone, failure_of(wire::Refusal::stopped, "the program has ended"));
  }
  look_whether_done();
}

// Of one that never came up, who wanted it has been told.
void Closing::host_ended(const HostRecord& host, const DeathCause& cause) {
  if (host.stage != Stage::running || !tables_.is_closing || !has_outstayed_grace(host, cause)) return;
  killed_.push_back(info_of(host));
  killed_.back().state = ActorState::dead;
  killed_.back().last_death = cause;
}

void Closing::look_whether_done() {
  if (!tables_.is_closing || !tables_.hosts.is_empty()) return;
  spawning_.end();
  if (!children_.is_empty()) return;  // their end leads here again
  answer_requesters();
  if (is_owner_gone_) tables_.loop.stop();
}

void Closing::answer_requesters() {
  if (requesters_.empty()) return;
  const auto killed = std::exchange(killed_, {});
  for (const Requester& each : std::exchange(requesters_, {})) {
    send_in_parts(killed, [&](std::vector<ActorInfo> part, bool has_more) {
      tables_.clients.send(each.client, wire::AllStopped{each.request, std::move(part), has_more});
    });
  }
}

}  // namespace troupe::manager
