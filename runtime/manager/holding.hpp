// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>

#include "manager/channels.hpp"
#include "manager/ending.hpp"
#include "manager/tables.hpp"

namespace troupe::manager {

// Keeps the table of who holds what by what clients and hosts say, and stops the scoped actors that nobody holds any more.
// Who knows an actor's key may speak of it. Thread-safety: the loop's thread.
class Holding {
 public:
  Holding(Tables& tables, Ending& ending, Channels& channels) : tables_(tables), ending_(ending), channels_(channels) {}

  // Messages of a client.
  void on(ClientId client, const wire::Hold& message);
  void on(ClientId client, const wire::Release& message);
  void on(ClientId client, const wire::Lease& message);
  void on(ClientId client, const wire::LeaseNews& message);
  // A message of a host, after what its actor's clients have said by now.
  void on(HostRecord& host, const wire::LeaseRead& message);

  // They are in their tables no more, and what they had sent has been read.
  void client_gone(const ClientRecord& client);
  void host_ended(ActorId actor);
  // Its process has ended, and it lives on: what is on its way to it waits.
  void life_ended(ActorId actor);

  // After anything that may have changed the table: stops what nobody holds.
  void look();

 private:
  struct Receiver {
    Party reader;
    bool is_reply = false;
    bool reads = true;  // false: what is sent to it will not be read
  };

  bool may_begin_later(const References::Lease& lease);
  Receiver receiver_of(const ClientRecord& client, const wire::Lease& message);
  void end_what_it_sent(Party sender);
  void read_to_end(ActorId sender, Party reader);
  void call_for_replies(ActorId actor);

  Tables& tables_;
  Ending& ending_;
  Channels& channels_;
  bool has_complained_ = false;
};

}  // namespace troupe::manager
