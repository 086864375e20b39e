// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <set>
#include <stdexcept>
#include <utility>
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
  void add_references(ActorInfo& info) const;

  Tables& tables_;
  std::list<Pending> pending_;
  std::uint64_t last_number_ = 0;
};

// Sends a message with a list of actors in as many parts as it takes. One that fits no message is left out.
template <class Message>
void send_in_parts(ClientTable& clients, ClientId client, Message message, std::vector<ActorInfo> Message::*list) {
  const std::vector<ActorInfo> all = std::exchange(message.*list, {});
  auto next = all.begin();
  auto count = all.end() - next;
  do {
    count = std::min(count, all.end() - next);
    (message.*list).assign(next, next + count);
    message.more = count < all.end() - next;
    try {
      clients.send(client, message);
      next += count;
    } catch (const std::invalid_argument&) {
      if (count == 1) ++next;
      count = std::max<std::ptrdiff_t>(count / 2, 1);
      message.more = true;  // whatever it said, it was not sent
    }
  } while (message.more);
}

}  // namespace troupe::manager
