// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <list>
#include <set>
#include <stdexcept>
#include <vector>

#include "manager/tables.hpp"

namespace troupe::manager {

// Answers who there is: by name, and all of them, with what the hosts say of themselves. A host that is stuck delays the
// answer by a quarter of a second at most. Thread-safety: the loop's thread.
class Listing {
 public:
  explicit Listing(Tables& tables) : tables_(tables) {}

  void on(ClientId client, const wire::Find& message);
  void on(ClientId client, const wire::List& message);
  void on(HostRecord& host, const wire::Status& status);

  void host_ended(ActorId actor);

 private:
  struct Pending {
    explicit Pending(Loop& loop) : alarm(loop) {}

    std::uint64_t number = 0;
    ClientId client = 0;
    std::uint64_t request = 0;
    std::set<ActorId> awaited;
    Alarm alarm;
  };

  void ask_hosts(Pending& pending);
  template <class Concerns>
  void no_longer_await(ActorId actor, Concerns concerns);
  void answer(const Pending& pending);

  Tables& tables_;
  std::list<Pending> pending_;
  std::uint64_t last_number_ = 0;
};

// Sends a message whose list of actors may be too long for one: as many of them as fit.
template <class Message>
void send_fitting(ClientTable& clients, ClientId client, Message message, std::vector<ActorInfo> Message::*list) {
  for (;;) {
    try {
      return clients.send(client, message);
    } catch (const std::invalid_argument&) {
      std::vector<ActorInfo>& actors = message.*list;
      if (actors.empty()) throw;
      actors.resize(actors.size() / 2);
    }
  }
}

}  // namespace troupe::manager
