// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <vector>

#include "manager/tables.hpp"

namespace troupe::manager {

// Opens further channels between clients and hosts, and closes those of clients that are gone. What travels through them
// is none of its business. Thread-safety: the loop's thread.
class Channels {
 public:
  explicit Channels(Tables& tables) : tables_(tables) {}

  // Errors: ProtocolError for what no honest client sends.
  void attach(ClientId client, wire::Attach message, std::vector<platform::Handle> handles);
  void on(ClientId client, const wire::LeaveChannel& message);
  void on(ClientId client, const wire::CancelCall& message);
  // The host runs: those that were early may attach.
  void host_runs(HostRecord& host);

  // Messages of a host. Errors: ProtocolError.
  void on(HostRecord& host, const wire::ChannelOpened& opened, const std::vector<platform::Handle>& handles);
  void on(HostRecord& host, const wire::ChannelRefused& refused);
  void on(HostRecord& host, const wire::ChannelClosed& closed);
  // The channel cannot be handed on.
  void give_up(HostRecord& host, const wire::ChannelOpened& opened, const wire::Failure& failure);

  // Answers what still waited for this host.
  void host_ended(HostRecord& host, const DeathCause& cause);
  // The actor lives on: what has not been answered waits for its next life.
  void life_ended(HostRecord& host);
  // Forgets what it waited for.
  void client_gone(ClientId client);
  // Ends the leases on what `sender` has sent to this host, unless the host may still read it.
  void end_unread_requests(const HostRecord& host, Party sender);

 private:
  void open(HostRecord& host, AttachRequest request);
  void limit_patience(HostRecord& host);
  void refuse_dead(ClientId client, std::uint64_t request, const DeathCause& cause, const std::string& first_to_die);
  void refuse_unknown(const AttachRequest& request);

  Tables& tables_;
};

}  // namespace troupe::manager
