// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_id.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "manager/party.hpp"

namespace troupe::manager {

// The table of who holds what: for each actor the clients that have proxies of it, and the leases on envelopes with proxies of
// it that are on their way. What follows from that, and whether a client may say what it says, is left to Holding.
//
// Why no actor dies that somebody holds: a sender holds the actor, and the manager has read that, while it registers the lease.
// The reader of the envelope becomes a holder before it ends the lease, on one socket. What two processes say has no order, so
// the end of a lease may be read before its beginning: Holding then reads first what the sender has sent; where it cannot, since
// it is in the middle of just that, the table remembers what was said. Why none lives that nobody holds: each hold ends with its
// client; each lease is ended by its reader, or by its sender if it was never sent, or with the reader; and when the sender has
// died, by the reader's word that it reads nothing more of it.
//
// Pure: no processes, no clock. Thread-safety: none.
class References {
 public:
  // So many proxies of one sender may be on their way, each counted once in an envelope; leases past that are not kept.
  static constexpr std::size_t kMostInFlight = 256 * 1024;

  struct Lease {
    Party sender;
    std::uint64_t number = 0;  // the sender's

    friend auto operator<=>(const Lease&, const Lease&) = default;  // NOLINT(modernize-use-nullptr): there is no pointer here
  };
  // A lease on a reply, and who has to read it.
  struct Unread {
    Lease lease;
    Party reader;

    friend bool operator==(const Unread&, const Unread&) = default;
  };

  // ---- holding

  void hold(ActorId actor, ClientId client, Party party);
  // It lets go of so many of its holds; more than it has are all.
  void let_go(ActorId actor, ClientId client, std::uint64_t grants);

  // ---- leases

  // `reader`: who reads the envelope; none for constructor's arguments. Once more: adds to it. False: past the limit.
  bool begin(const Lease& lease, Party reader, bool is_reply, std::span<const ActorId> actors);
  bool is_open(const Lease& lease) const { return leases_.contains(lease); }
  // Of one that has not begun: what its reader says of it holds from its beginning on.
  void receive_early(const Lease& lease, Party reader) { note_early(lease, {reader, false}); }
  void end_early(const Lease& lease, Party reader) { note_early(lease, {reader, true}); }
  bool is_received_early(const Lease& lease, Party reader) const;
  // By its reader: the reply is there, and will be decoded or dropped.
  void receive(const Lease& lease, Party reader);
  // By its reader, or its sender; by others nothing happens.
  void end(const Lease& lease, Party by);
  // What the lease keeps, as constructor's arguments of this actor, is kept for all of its lives.
  void keep_arguments(const Lease& lease, ActorId of);
  // `reader` reads nothing more of these: all but the replies that it has received.
  void end_unread_requests(Party sender, Party reader) { end_unread(sender, reader, false); }
  void end_unread_replies(Party sender, Party reader) { end_unread(sender, reader, true); }
  std::vector<ActorId> readers_of_requests(Party sender) const;  // some may be there more than once

  // ---- ends

  void client_gone(ClientId client);
  // What was on its way to it, its leases on constructor's arguments, and what was said of leases that it might have begun.
  void party_gone(Party party);
  // The process of an actor that lives on: what was said of leases that it might have begun.
  void life_gone(ActorId actor);
  void actor_gone(ActorId actor);

  // ---- questions

  // By another process than its own, or on the way.
  bool is_held(ActorId actor) const;
  std::vector<ClientId> holders(ActorId actor) const;
  std::size_t leases(ActorId actor) const;
  std::size_t in_flight(Party sender) const;

  // ---- what has changed since it was asked last

  // Actors that may have lost what held them; some may be there more than once.
  std::vector<ActorId> take_doubtful();
  void doubt(ActorId actor) { doubtful_.push_back(actor); }
  // Replies that nobody reads and that are all that keeps an actor: each once.
  std::vector<Unread> unread_replies_that_keep(ActorId actor);

 private:
  struct Hold {
    ClientId client = 0;
    std::uint64_t grants = 0;
    bool is_own = false;  // the actor holds itself
  };
  struct Actor {
    std::vector<Hold> holds;  // one of each client
    std::set<Lease> leases;
  };
  struct Envelope {
    Party reader;
    bool is_reply = false;
    bool is_received = false;
    bool is_called_for = false;   // its reader was told to read it
    std::vector<ActorId> actors;  // each once
  };
  using Envelopes = std::map<Lease, Envelope>;
  struct Early {
    Party reader;
    bool is_over = false;
  };
  static constexpr std::size_t kMostEarly = 64 * 1024;  // honest processes need a few

  static bool has_other_holder(const Actor& actor);
  void end_unread(Party sender, Party reader, bool are_replies);
  void note_early(const Lease& lease, Early early);
  Envelopes::iterator erase(Envelopes::iterator envelope);
  void drop_if_empty(ActorId actor);

  std::map<ActorId, Actor> actors_;  // those that have a hold or a lease
  Envelopes leases_;
  std::map<Lease, Early> early_;
  std::map<Party, std::size_t> in_flight_;  // by sender
  std::vector<ActorId> doubtful_;
};

}  // namespace troupe::manager
