// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/function.hpp"
#include "manager/loop.hpp"
#include "manager/tables.hpp"
#include "platform/life_page.hpp"
#include "platform/named_socket.hpp"

namespace troupe::manager {

// How a client comes in: with a manager of the same version, as the process that it is, and soon. Who comes by name has ten
// seconds to join, and of those that have not joined there are 64 at the most: the oldest is sent away, unless its word is there
// and has not been read. Whoever is sent away is
// told why. Thread-safety: the loop's thread.
class Joining {
 public:
  // `life_page` is what clients are shown. `on_sent_away` removes the client, as if it had gone.
  Joining(Tables& tables, const platform::LifePage& life_page, Function<void(ClientId client)> on_sent_away)
      : tables_(tables), life_page_(life_page), on_sent_away_(std::move(on_sent_away)) {}

  // One that came by name.
  void let_in(platform::NamedPeer peer);
  // Whether it is in now; if not, it has been sent away. Errors: ProtocolError.
  bool join(ClientId client, wire::Join& message, std::vector<platform::Handle>& handles);
  void client_gone(ClientId client) { waiting_.erase(client); }

 private:
  void wait_for(ClientId client);
  void send_away_unless_joined(ClientId client, const char* why);
  void send_away(ClientId client, wire::Failure failure);
  void welcome(const ClientRecord& client);

  Tables& tables_;
  const platform::LifePage& life_page_;
  Function<void(ClientId client)> on_sent_away_;
  std::map<ClientId, std::unique_ptr<Alarm>> waiting_{};  // those that came by name and have not joined; the oldest is the first
};

}  // namespace troupe::manager
