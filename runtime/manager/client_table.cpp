// SPDX-License-Identifier: BSL-1.0
#include "manager/client_table.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace troupe::manager {

namespace {

// Leaves room for the other fields in a message of the control socket.
constexpr std::size_t kMostExceptionBytes = 64 * 1024;
constexpr std::size_t kMostTextBytes = 16 * 1024;
// Honest clients seldom need more than the length of a chain of processes that hand one proxy on before the manager has looked.
constexpr int kMostCatchingUp = 64;

}  // namespace

ClientTable::~ClientTable() {
  for (auto& [id, client] : clients_) client->peer->close();
}

ClientRecord& ClientTable::add(platform::ControlSocket socket, ActorId actor) {
  const ClientId id = ++last_id_;
  auto client = std::make_unique<ClientRecord>();
  client->id = id;
  client->actor = actor;
  client->peer = std::make_shared<Peer>(
      loop_, std::move(socket),
      Peer::Callbacks{[this, id](platform::Packet& packet) { listener_.client_sent(id, packet); },
                      [this, id](const Peer::Parting& parting) { listener_.client_gone(id, parting.reason); }});
  client->peer->start();
  return *(clients_[id] = std::move(client));
}

void ClientTable::watch_process(ClientRecord& client, platform::Process process) {
  client.end_watch.reset();
  client.process = std::move(process);
  client.end_watch = std::make_unique<HandleWatch>(loop_, client.process.handle().get(), [this, id = client.id] {
    if (ClientRecord* ended = find(id)) ended->peer->drain();  // what it sent before
    if (find(id) != nullptr) listener_.client_gone(id, {});
  });
}

std::unique_ptr<ClientRecord> ClientTable::remove(ClientId id) {
  auto node = clients_.extract(id);
  if (node.empty()) return nullptr;
  node.mapped()->end_watch.reset();
  node.mapped()->peer->close();
  return std::move(node.mapped());
}

std::vector<ClientId> ClientTable::clients_of(Party party) const {
  std::vector<ClientId> found;
  for (const auto& [id, client] : clients_) {
    if (client->party() == party) found.push_back(id);
  }
  return found;
}

bool ClientTable::catch_up(Party party) {
  if (catching_up_ >= kMostCatchingUp) return false;
  ++catching_up_;
  bool is_all = true;
  for (const ClientId id : clients_of(party)) {
    if (ClientRecord* client = find(id)) is_all &= client->peer->catch_up();  // which takes a reference on it
  }
  --catching_up_;
  return is_all;
}

ClientRecord* ClientTable::find(ClientId id) {
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second.get();
}

void ClientTable::send_bytes_to_programs(const std::vector<std::byte>& bytes) {
  for (const auto& [id, client] : clients_) {
    if (client->has_joined && client->is_program()) client->peer->send_bytes(bytes);
  }
}

void ClientTable::refuse(ClientId id, std::uint64_t request, wire::Failure failure) {
  if (failure.exception.size() > kMostExceptionBytes) {
    failure.exception.clear();
    failure.text += " (the exception is too large to be passed on)";
  }
  if (failure.text.size() > kMostTextBytes) failure.text.resize(kMostTextBytes);
  failure.cause.backtrace.resize(std::min(failure.cause.backtrace.size(), kMostTextBytes));
  failure.cause.detail.resize(std::min(failure.cause.detail.size(), kMostTextBytes));
  send(id, wire::Refused{request, std::move(failure)});
}

void ClientTable::tell_broken(ClientId id, wire::ChannelBroken message) {
  if (message.text.size() > kMostTextBytes) message.text.resize(kMostTextBytes);
  send(id, message);
}

}  // namespace troupe::manager
