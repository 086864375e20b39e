// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include "manager/client_table.hpp"
#include "manager/deaths.hpp"
#include "manager/directory.hpp"
#include "manager/host_table.hpp"
#include "manager/loop.hpp"
#include "manager/obituaries.hpp"
#include "manager/printouts.hpp"
#include "manager/references.hpp"

namespace troupe::manager {

// What the parts of the manager work on together. Thread-safety: the loop's thread.
struct Tables {
  Loop& loop;
  ClientTable clients;
  HostTable hosts;
  Directory directory{};
  Obituaries obituaries{};
  Deaths deaths{};
  Printouts printouts{};
  References references{};
  bool is_closing = false;  // no actor is started any more

  // Whether that is so for this client, of which a named manager has many.
  bool is_closing_for(ClientId client) {
    const ClientRecord* record = clients.find(client);
    return is_closing || (record != nullptr && record->is_leaving);
  }
};

// What a host's process does, to whoever deals with it.
class HostListener {
 public:
  // Errors: what it throws ends the host.
  virtual void host_sent(ActorId actor, platform::Packet& packet) = 0;
  // Its socket has closed, and its process will end or be ended.
  virtual void host_gone(ActorId actor, const Peer::Parting& parting) = 0;
  // Its process has been reaped.
  virtual void host_ended(ActorId actor, const platform::ChildEnd& end) = 0;
  // Its process could not be started; it is in the table still.
  virtual void host_not_started(ActorId actor, const std::string& reason) = 0;
  // One of a group is in the table, and waits for its group to have it started.
  virtual void host_waits(HostRecord& host) = 0;
  // One that has no process is in no table any more.
  virtual void host_forgotten(HostRecord& host) = 0;

 protected:
  ~HostListener() = default;
};

// A failure that has nothing but a kind and a text.
inline wire::Failure failure_of(wire::Refusal kind, std::string text) {
  wire::Failure failure;
  failure.kind = kind;
  failure.text = std::move(text);
  return failure;
}

}  // namespace troupe::manager
