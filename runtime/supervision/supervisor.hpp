// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <vector>

#include "supervision/group.hpp"

namespace troupe::supervision {

// All groups of a manager, and how they hang together: what a group says of itself is told to the one above it, and what a
// group wants of a group below it is passed on. So its owner has to do with actors only, and with the ends of groups.
// It is driven like a Group: report, then carry out next() until there is none. Of the orders,
//   start, end: are about an actor;
//   forget:     about an actor or a group. A group is forgotten last, when nothing of it is left;
//   gave_up:    about a group, for whoever listens: what follows from it is in other orders.
// An actor that has ended and is not forgotten will be started again, or its group is still going down.
// Thread-safety: none.
class Supervisor {
 public:
  static constexpr ChildId kTop = 0;  // above the groups that have none above them

  // A new group, the youngest child of `parent`. The ids of groups and actors are one set, without kTop.
  // Errors: std::invalid_argument, which names what is wrong, for options that nobody can follow, for a group that would
  // supervise itself, for an id that is in use, and for a parent that is not there (any more).
  void add_group(ChildId group, ChildId parent, const GroupOptions& options);

  // A new actor. False: the group is not there (any more), or the id is in use.
  bool add(ChildId group, ChildId actor);

  void started(ChildId actor);
  void ended(ChildId actor, Exit exit, TimePoint now);
  void removed(ChildId actor);

  // Ends a group for good, with all that is below it.
  void stop(ChildId group);

  std::optional<Order> next(TimePoint now);

  bool has(ChildId child) const;
  // Of an actor that has ended: it will be forgotten by one of the next orders.
  bool is_leaving(ChildId actor) const;
  // Its group ends, and will not be started again.
  bool ends_for_good(ChildId actor) const;
  // A group that ends all that is in it, because it failed too often.
  bool is_giving_up(ChildId group) const;

 private:
  struct Node {
    ChildId id;
    ChildId parent;
    Group group;
  };

  using Nodes = std::vector<Node>;

  Nodes::iterator find(ChildId group);
  Group* group(ChildId id);
  Group* group_with(ChildId actor);
  std::optional<Order> carry_out(Nodes::iterator node, const Order& order, TimePoint now);
  std::optional<Order> pass_down(const Order& order, bool is_for_good);
  std::optional<Order> stopped(Nodes::iterator node, TimePoint now);
  std::optional<Order> gave_up(Node& node, TimePoint now);

  Nodes nodes_{};  // a group comes after the one above it
};

}  // namespace troupe::supervision
