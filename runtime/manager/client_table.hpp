// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "manager/loop.hpp"
#include "manager/party.hpp"
#include "manager/peer.hpp"
#include "manager/program.hpp"
#include "platform/process.hpp"
#include "wire/control.hpp"

namespace troupe::manager {

// One client: the user's program, or a host whose actor talks to others.
struct ClientRecord {
  ClientId id = 0;
  bool is_owner = false;    // this manager is its private one, and ends with it
  bool is_leaving = false;  // it has shut down what is its: it starts no actors any more
  int peer_pid = 0;         // of one that came in by a named manager's door: as the kernel says
  ActorId actor{};          // the actor that it is; none: a program of the user's
  bool has_joined = false;
  Program program;
  std::vector<wire::ModuleIdentity> modules;
  platform::Process process;  // a program's; a host's is watched as a host
  std::unique_ptr<HandleWatch> end_watch{};
  std::shared_ptr<Peer> peer{};

  bool is_program() const { return actor == ActorId(); }
  Party party() const { return is_program() ? Party{{}, id} : Party{actor, 0}; }
};

// The clients, by number. What their messages mean is left to the listener. Thread-safety: the loop's thread.
class ClientTable {
 public:
  class Listener {
   public:
    // Errors: what it throws ends that client.
    virtual void client_sent(ClientId client, platform::Packet& packet) = 0;
    // Its socket or its process has ended. `reason`: see Peer.
    virtual void client_gone(ClientId client, const std::string& reason) = 0;

   protected:
    ~Listener() = default;
  };

  ClientTable(Loop& loop, Listener& listener) : loop_(loop), listener_(listener) {}
  ~ClientTable();

  ClientRecord& add(platform::ControlSocket socket, ActorId actor);
  // Its end is the client's end from now on. A client's sockets may outlive it, in children that it forked.
  void watch_process(ClientRecord& client, platform::Process process);
  // Takes it out; nothing more is heard of it.
  std::unique_ptr<ClientRecord> remove(ClientId id);

  // Handles what these have sent by now, ahead of its turn. False: not all of it, since one of them is being heard.
  bool catch_up(Party party);
  // A party's clients at this moment.
  std::vector<ClientId> clients_of(Party party) const;

  ClientRecord* find(ClientId id);
  const std::map<ClientId, std::unique_ptr<ClientRecord>>& all() const { return clients_; }

  // To a client that may be gone: then nothing happens. Ownership: handles stay the caller's.
  template <class Message>
  void send(ClientId id, const Message& message, std::span<const int> handles = {}) {
    if (ClientRecord* client = find(id)) client->peer->send<wire::ToClient>(message, handles);
  }
  // To all programs that have joined; hosts, which may be many, hear only of what concerns them.
  template <class Message>
  void send_to_programs(const Message& message) {
    send_bytes_to_programs(wire::encode_message<wire::ToClient>(message));
  }
  // A failure with long texts is cut to what a message can carry.
  void refuse(ClientId id, std::uint64_t request, wire::Failure failure);
  // Its text is cut likewise.
  void tell_broken(ClientId id, wire::ChannelBroken message);

 private:
  void send_bytes_to_programs(const std::vector<std::byte>& bytes);

  Loop& loop_;
  Listener& listener_;
  std::map<ClientId, std::unique_ptr<ClientRecord>> clients_;
  ClientId last_id_ = 0;
  int catching_up_ = 0;  // how deep: each client of a chain waits for another one's word
};

}  // namespace troupe::manager
