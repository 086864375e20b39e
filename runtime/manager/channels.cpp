// SPDX-License-Identifier: BSL-1.0
#include "manager/channels.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "platform/step_mark.hpp"
#include "wire/registry.hpp"

namespace troupe::manager {

namespace {

constexpr int kMostAttachesWaiting = 8;  // of one client to one actor: it needs one, and one for each link that comes meanwhile
constexpr std::chrono::seconds kPatience(10);

}  // namespace

void Channels::attach(ClientId client, wire::Attach message, std::vector<platform::Handle> handles) {
  TROUPE_STEP_MARK("attach: manager asks");
  if (handles.size() != wire::ChannelOffer::kHandles) throw ProtocolError("an attach came with the wrong number of handles");
  AttachRequest request{client, std::move(message), std::move(handles)};
  HostRecord* host = tables_.hosts.find(request.message.actor, request.message.key);
  if (host == nullptr) return refuse_unknown(request);
  if (host->actor.type != request.message.type) {
    const std::string text = fmt::format("actor {} is a {}", host->actor.id.value, wire::readable_type(host->actor.type.c_str()));
    return tables_.clients.refuse(client, request.message.request, failure_of(wire::Refusal::incompatible, text));
  }
  const bool is_that_life = host->actor.incarnation > request.message.after_incarnation;
  if (is_that_life && host->is_answering()) return open(*host, std::move(request));
  const auto is_clients = [client](const AttachRequest& each) { return each.client == client; };
  if (std::count_if(host->attaching.begin(), host->attaching.end(), is_clients) >= kMostAttachesWaiting)
    throw ProtocolError("a client attaches to one actor too often");
  if (host->is_answering()) limit_patience(*host);
  host->attaching.push_back(std::move(request));  // it is coming up, or its death is being looked into
}

// Somebody says that this life has ended, and nobody else does: either it soon shows, or that one channel has been spoiled.
void Channels::limit_patience(HostRecord& host) {
  host.patience.start(kPatience, [this, life = launch_number(host)] {
    HostRecord* living = tables_.hosts.find_launch(life);
    if (living == nullptr || !living->is_answering()) return;
    for (const AttachRequest& each : std::exchange(living->attaching, {})) {
      tables_.clients.refuse(each.client, each.message.request,
                             failure_of(wire::Refusal::protocol, "its process has let go of this channel, and lives on"));
    }
  });
}

void Channels::refuse_unknown(const AttachRequest& request) {
  const wire::Attach& message = request.message;
  if (const auto* obituary = tables_.obituaries.find(message.actor, message.key)) {
    const wire::ActorDown& down = obituary->down;
    return refuse_dead(request.client, message.request, down.first_cause ? *down.first_cause : down.cause, down.first_to_die);
  }
  tables_.clients.refuse(
      request.client, message.request,
      failure_of(wire::Refusal::no_such_actor, fmt::format("there is no actor {} with that key; it may have ended "
                                                           "long ago, or belong to another runtime",
                                                           message.actor.value)));
}

// `first_to_die`: whose death the cause is, where a group has given up.
void Channels::refuse_dead(ClientId client, std::uint64_t request, const DeathCause& cause, const std::string& first_to_die) {
  std::string text = "it died before a channel was open";
  if (!first_to_die.empty()) text = "its group has given up, for the death of " + first_to_die;
  wire::Failure failure = failure_of(wire::Refusal::actor_died, text);
  failure.cause = cause;
  tables_.clients.refuse(client, request, std::move(failure));
}

void Channels::host_runs(HostRecord& host) {
  for (AttachRequest& each : std::exchange(host.attaching, {})) open(host, std::move(each));
}

void Channels::open(HostRecord& host, AttachRequest request) {
  const ClientRecord* client = tables_.clients.find(request.client);
  if (client == nullptr) return;
  wire::OpenChannel message;
  message.channel = tables_.hosts.next_channel();
  message.offer = request.message.offer;
  message.client_modules = client->modules;
  host.channels[message.channel] = {.client = client->id,
                                    .party = client->party(),
                                    .attach_request = request.message.request,
                                    .request = request.message.request};
  const std::array<int, wire::ChannelOffer::kHandles> outgoing{request.handles[0].get(), request.handles[1].get(),
                                                               request.handles[2].get()};
  host.peer->send<wire::ToHost>(message, outgoing);
  if (host.actor.may_restart) host.channels[message.channel].again = std::move(request);
}

void Channels::on(HostRecord& host, const wire::ChannelOpened& opened, const std::vector<platform::Handle>& handles) {
  const auto found = host.channels.find(opened.channel);
  if (found == host.channels.end() || found->second.is_closing) return;  // its client has gone meanwhile
  if (!found->second.attach_request) throw ProtocolError("a host opens a channel that it was not asked for");
  const auto outgoing = host.handles_for_client(handles);
  tables_.clients.send(found->second.client, wire::Opened{*found->second.attach_request, host.actor, opened.answer, false},
                       outgoing);
  found->second.attach_request.reset();  // only now: the host's end answers what is left
  found->second.again.reset();
  TROUPE_STEP_MARK("attach: manager has answered");
}

void Channels::give_up(HostRecord& host, const wire::ChannelOpened& opened, const wire::Failure& failure) {
  const auto found = host.channels.find(opened.channel);
  if (found == host.channels.end() || !found->second.attach_request) return;
  tables_.clients.refuse(found->second.client, *found->second.attach_request, failure);
  host.channels.erase(found);
  host.peer->send<wire::ToHost>(wire::CloseChannel{opened.channel});
}

void Channels::on(ClientId client, const wire::LeaveChannel& message) {
  HostRecord* host = tables_.hosts.find(message.actor);
  if (host == nullptr) return;
  const auto is_meant = [&](const auto& each) {
    const ChannelRecord& channel = each.second;
    return channel.client == client && channel.request == message.request && !channel.attach_request;
  };
  const auto found = std::find_if(host->channels.begin(), host->channels.end(), is_meant);
  if (found == host->channels.end() || message.request == 0) return;
  if (!std::exchange(found->second.is_closing, true)) host->peer->send<wire::ToHost>(wire::CloseChannel{found->first});
}

// A client names what it has sent itself: only its own channel is looked for.
void Channels::on(ClientId client, const wire::CancelCall& message) {
  HostRecord* host = tables_.hosts.find(message.actor);
  if (host == nullptr || !host->peer) return;
  for (const auto& [number, channel] : host->channels) {
    if (channel.client != client || channel.is_closing || channel.attach_request) continue;
    host->peer->send<wire::ToHost>(wire::StopTurn{number, message.slot, message.generation, message.force_ns});
  }
}

// Whatever the client had sent and is not read now never will be.
void Channels::on(HostRecord& host, const wire::ChannelClosed& closed) {
  const auto found = host.channels.find(closed.channel);
  if (found == host.channels.end()) return;
  if (!found->second.is_closing) throw ProtocolError("a host closes a channel that it was not asked to close");
  const Party sender = found->second.party;
  host.channels.erase(found);
  end_unread_requests(host, sender);
}

void Channels::end_unread_requests(const HostRecord& host, Party sender) {
  const auto may_be_read = [&](const auto& each) { return each.second.party == sender && !each.second.is_broken; };
  if (std::any_of(host.channels.begin(), host.channels.end(), may_be_read)) return;
  tables_.references.end_unread_requests(sender, {host.actor.id, 0});
}

// Also a host's word on an open channel that its client has spoiled. The host keeps the life word of such a one raised, and
// is told that it is closed when the client goes: a word that falls says that the host has died.
void Channels::on(HostRecord& host, const wire::ChannelRefused& refused) {
  const auto found = host.channels.find(refused.channel);
  if (found == host.channels.end()) return;
  ChannelRecord& channel = found->second;
  if (!channel.attach_request) {
    channel.is_broken = true;
    end_unread_requests(host, channel.party);
    return tables_.clients.tell_broken(channel.client, {host.actor.id, refused.failure.text});
  }
  tables_.clients.refuse(channel.client, *channel.attach_request, refused.failure);
  host.channels.erase(found);
}

void Channels::life_ended(HostRecord& host) {
  for (auto& [number, channel] : std::exchange(host.channels, {})) {
    if (channel.again && !channel.is_closing) host.attaching.push_back(std::move(*channel.again));
    // What a client that is gone had sent will be read by nobody.
    if (channel.is_closing && tables_.clients.clients_of(channel.party).empty())
      tables_.references.end_unread_requests(channel.party, {host.actor.id, 0});
  }
}

void Channels::host_ended(HostRecord& host, const DeathCause& cause) {
  const std::string first_to_die = host.has_given_up ? host.first_death.whose() : std::string();
  for (const auto& [number, channel] : std::exchange(host.channels, {})) {
    if (channel.attach_request) refuse_dead(channel.client, *channel.attach_request, cause, first_to_die);
  }
  for (const AttachRequest& each : std::exchange(host.attaching, {}))
    refuse_dead(each.client, each.message.request, cause, first_to_die);
}

// A host may be reading, still, what the client had sent: its channel stays known until the host has let go of it.
void Channels::client_gone(ClientId client) {
  for (const ActorId actor : tables_.hosts.actors()) {
    HostRecord& host = *tables_.hosts.find(actor);
    host.watchers.erase(client);
    std::erase_if(host.joining, [client](const SpawnRequest& each) { return each.client == client; });
    std::erase_if(host.attaching, [client](const AttachRequest& each) { return each.client == client; });
    for (auto& [number, channel] : host.channels) {
      if (channel.client != client || std::exchange(channel.is_closing, true)) continue;
      if (host.peer) host.peer->send<wire::ToHost>(wire::CloseChannel{number});
    }
  }
}

}  // namespace troupe::manager
