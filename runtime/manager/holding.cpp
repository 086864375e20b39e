// SPDX-License-Identifier: BSL-1.0
#include "manager/holding.hpp"

#include <chrono>
#include <vector>

#include "platform/complaint.hpp"

namespace troupe::manager {

namespace {

constexpr std::chrono::seconds kGraceOfTheUnheld(5);

}  // namespace

void Holding::on(ClientId client, const wire::Hold& message) {
  if (tables_.hosts.find(message.actor, message.key) == nullptr) return;  // it has ended; whoever calls it hears that
  tables_.references.hold(message.actor, client, tables_.clients.find(client)->party());
}

void Holding::on(ClientId client, const wire::Release& message) {
  tables_.references.let_go(message.actor, client, message.grants);
}

void Holding::on(ClientId client, const wire::Lease& message) {
  const ClientRecord& sender = *tables_.clients.find(client);
  const Receiver receiver = receiver_of(sender, message);
  const References::Lease lease{sender.party(), message.number};
  if (!receiver.reads && !tables_.references.is_received_early(lease, receiver.reader)) return;
  std::vector<ActorId> actors;
  for (const wire::ActorReference& each : message.actors) {
    if (tables_.hosts.find(each.id, each.key) != nullptr) actors.push_back(each.id);
  }
  if (tables_.references.begin(lease, receiver.reader, receiver.is_reply, actors) || has_complained_) return;
  has_complained_ = true;
  platform::complain("a process has more than {} proxies on their way to others: those beyond keep no actor alive",
                     References::kMostInFlight);
}

Holding::Receiver Holding::receiver_of(const ClientRecord& client, const wire::Lease& message) {
  if (message.to_actor != ActorId()) {
    return {{message.to_actor, 0}, false, tables_.hosts.find(message.to_actor) != nullptr};
  }
  if (message.to_channel == 0) return {};
  const HostRecord* host = tables_.hosts.find(client.actor);
  if (host == nullptr) return {{}, true, false};
  const auto channel = host->channels.find(message.to_channel);
  if (channel == host->channels.end()) return {{}, true, false};
  return {channel->second.party, true, !channel->second.is_closing && !channel->second.is_read_to_end};
}

// The sender registers a lease before it sends the envelope, so what is said about one that is not known yet is in order once
// the sender's socket has been read. After that it has ended before, or never was.
bool Holding::may_begin_later(const References::Lease& lease) {
  return !tables_.references.is_open(lease) && !tables_.clients.catch_up(lease.sender) && !tables_.references.is_open(lease);
}

void Holding::on(ClientId client, const wire::LeaseNews& message) {
  const Party reader = tables_.clients.find(client)->party();
  const Party sender = message.from == ActorId() ? reader : Party{message.from, 0};
  const References::Lease lease{sender, message.number};
  if (message.what == wire::LeaseNews::What::read_to_end) {
    if (sender != reader) tables_.clients.catch_up(sender);
    return read_to_end(sender.actor, reader);
  }
  const bool is_early = sender != reader && may_begin_later(lease);
  if (message.what == wire::LeaseNews::What::received) {
    return is_early ? tables_.references.receive_early(lease, reader) : tables_.references.receive(lease, reader);
  }
  return is_early ? tables_.references.end_early(lease, reader) : tables_.references.end(lease, reader);
}

void Holding::read_to_end(ActorId sender, Party reader) {
  if (HostRecord* host = tables_.hosts.find(sender)) {
    for (auto& [number, channel] : host->channels) channel.is_read_to_end |= channel.party == reader;
  }
  tables_.references.end_unread_replies({sender, 0}, reader);
}

void Holding::on(HostRecord& host, const wire::LeaseRead& message) {
  const auto channel = host.channels.find(message.channel);
  if (channel == host.channels.end()) return;
  const References::Lease lease{channel->second.party, message.number};
  const Party reader{host.actor.id, 0};
  return may_begin_later(lease) ? tables_.references.end_early(lease, reader) : tables_.references.end(lease, reader);
}

void Holding::client_gone(const ClientRecord& client) {
  tables_.references.client_gone(client.id);
  if (!client.is_program()) return;  // its process lives on, or host_ended follows
  tables_.references.party_gone(client.party());
  end_what_it_sent(client.party());
}

void Holding::life_ended(ActorId actor) {
  tables_.references.life_gone(actor);
  end_what_it_sent({actor, 0});
}

void Holding::host_ended(ActorId actor) {
  tables_.references.party_gone({actor, 0});
  end_what_it_sent({actor, 0});
  tables_.references.actor_gone(actor);
}

// What it had sent to hosts that have a channel of it may still be read there, and so may its replies: then the readers say when
// that is over.
void Holding::end_what_it_sent(Party sender) {
  for (const ActorId reader : tables_.references.readers_of_requests(sender)) {
    if (const HostRecord* host = tables_.hosts.find(reader)) {
      channels_.end_unread_requests(*host, sender);
    } else {
      tables_.references.end_unread_requests(sender, {reader, 0});
    }
  }
}

void Holding::look() {
  for (const ActorId actor : tables_.references.take_doubtful()) {
    HostRecord* host = tables_.hosts.find(actor);
    if (host == nullptr || !host->is_usable() || !host->ends_unheld()) continue;
    if (!tables_.references.is_held(actor)) {
      ending_.stop(*host, kGraceOfTheUnheld);
    } else {
      call_for_replies(actor);
    }
  }
}

// A reply that nobody waits for is not read, and a proxy in it may keep its actor for ever.
void Holding::call_for_replies(ActorId actor) {
  for (const References::Unread& unread : tables_.references.unread_replies_that_keep(actor)) {
    const ActorId sender = unread.lease.sender.actor;
    for (const ClientId client : tables_.clients.clients_of(unread.reader)) {
      tables_.clients.send(client, wire::ReadReplies{sender, unread.lease.number});
    }
  }
}

}  // namespace troupe::manager
