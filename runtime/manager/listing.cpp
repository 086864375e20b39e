// SPDX-License-Identifier: BSL-1.0
#include "manager/listing.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "wire/registry.hpp"

namespace troupe::manager {

namespace {

constexpr std::chrono::milliseconds kLongestWait(250);

}  // namespace

void Listing::on(ClientId client, const wire::Find& message) {
  HostRecord* host = tables_.hosts.find(tables_.directory.find(message.name));
  wire::Found found;
  found.request = message.request;
  // Who asks for any type wants to end it, which one that is ending already may still need.
  found.exists = host != nullptr && (message.type.empty() ? host->has_run : host->is_usable());
  if (found.exists && !message.type.empty() && host->actor.type != message.type) {
    const std::string text = fmt::format("the name \"{}\" belongs to actor {}, which is a {}", message.name, host->actor.id.value,
                                         wire::readable_type(host->actor.type.c_str()));
    return tables_.clients.refuse(client, message.request, failure_of(wire::Refusal::incompatible, text));
  }
  if (found.exists) {
    tables_.references.hold(host->actor.id, client, tables_.clients.find(client)->party());
    found.actor = host->actor;
  }
  tables_.clients.send(client, found);
}

void Listing::on(ClientId client, const wire::List& message) {
  Pending& pending = pending_.emplace_back(tables_.loop);
  pending.number = ++last_number_;
  pending.client = client;
  pending.request = message.request;
  ask_hosts(pending);
  if (pending.awaited.empty()) {
    answer(pending);
    return pending_.pop_back();
  }
  pending.alarm.start(kLongestWait, [this, number = pending.number] {
    const auto late = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& each) { return each.number == number; });
    if (late == pending_.end()) return;
    answer(*late);
    pending_.erase(late);
  });
}

void Listing::ask_hosts(Pending& pending) {
  for (const ActorId actor : tables_.hosts.actors()) {
    HostRecord& host = *tables_.hosts.find(actor);
    if (!host.is_answering()) continue;
    pending.awaited.insert(actor);
    host.peer->send<wire::ToHost>(wire::AskStatus{pending.number});
  }
}

void Listing::on(HostRecord& host, const wire::Status& status) {
  host.status = status;
  no_longer_await(host.actor.id, [&](const Pending& pending) { return pending.number == status.request; });
}

void Listing::host_ended(ActorId actor) {
  no_longer_await(actor, [](const Pending&) { return true; });
}

template <class Concerns>
void Listing::no_longer_await(ActorId actor, Concerns concerns) {
  for (auto next = pending_.begin(); next != pending_.end();) {
    const auto pending = next++;
    if (!concerns(*pending) || pending->awaited.erase(actor) == 0 || !pending->awaited.empty()) continue;
    answer(*pending);
    pending_.erase(pending);
  }
}

void Listing::answer(const Pending& pending) {
  std::vector<ActorInfo> actors;
  for (const ActorId actor : tables_.hosts.actors()) {
    const HostRecord& host = *tables_.hosts.find(actor);
    if (!host.is_answering() && !(host.has_run && host.is_usable())) continue;
    actors.push_back(info_of(host));
    add_references(actors.back());
  }
  send_in_parts(actors, [&](std::vector<ActorInfo> part, bool has_more) {
    tables_.clients.send(pending.client, wire::Listed{pending.request, std::move(part), has_more});
  });
}

// What fits no message makes no progress by itself: halves, then one by one, then without that one.
void send_in_parts(const std::vector<ActorInfo>& all,
                   const Function<void(std::vector<ActorInfo> part, bool has_more)>& send_part) {
  auto next = all.begin();
  auto count = all.end() - next;
  bool has_more = false;
  do {
    count = std::min(count, all.end() - next);
    has_more = count < all.end() - next;
    try {
      send_part({next, next + count}, has_more);
      next += count;
    } catch (const std::invalid_argument&) {
      if (count == 1) ++next;
      count = std::max<std::ptrdiff_t>(count / 2, 1);
      has_more = true;  // whatever it would have said, it was not sent
    }
  } while (has_more);
}

void Listing::add_references(ActorInfo& info) const {
  for (const ClientId id : tables_.references.holders(info.id)) {
    const ClientRecord* client = tables_.clients.find(id);
    if (client == nullptr) continue;
    const HostRecord* host = tables_.hosts.find(client->actor);
    info.holders.push_back({client->actor, host != nullptr ? host->actor.pid : client->process.pid()});
  }
  info.proxies_in_flight = tables_.references.leases(info.id);
}

}  // namespace troupe::manager
