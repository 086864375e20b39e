// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <set>
#include <vector>

#include "base/function.hpp"
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

// Sends a list of actors in as many messages as it takes. One that fits no message is left out. `send_part`: throws
// std::invalid_argument where a part is too long.
void send_in_parts(const std::vector<ActorInfo>& all,
                   const Function<void(std::vector<ActorInfo> part, bool has_more)>& send_part);

}  // namespace troupe::manager
