// SPDX-License-Identifier: BSL-1.0
#include "supervision/supervisor.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe::supervision {

using What = Order::What;

Supervisor::Nodes::iterator Supervisor::find(ChildId group) {
  return std::find_if(nodes_.begin(), nodes_.end(), [group](const Node& each) { return each.id == group; });
}

Group* Supervisor::group(ChildId id) {
  const auto found = find(id);
  return found == nodes_.end() ? nullptr : &found->group;
}

Group* Supervisor::group_with(ChildId actor) {
  if (group(actor) != nullptr) return nullptr;  // groups speak for themselves
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [actor](const Node& each) { return each.group.has(actor); });
  return found == nodes_.end() ? nullptr : &found->group;
}

bool Supervisor::has(ChildId child) const {
  for (const Node& each : nodes_) {
    if (each.id == child || each.group.has(child)) return true;
  }
  return false;
}

bool Supervisor::is_leaving(ChildId actor) const {
  for (const Node& each : nodes_) {
    if (each.group.is_leaving(actor)) return true;
  }
  return false;
}

bool Supervisor::ends_for_good(ChildId actor) const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [actor](const Node& each) { return each.group.has(actor) && each.group.is_leaving(); });
}

bool Supervisor::is_giving_up(ChildId group) const {
  for (const Node& each : nodes_) {
    if (each.id == group) return each.group.is_giving_up();
  }
  return false;
}

void Supervisor::add_group(ChildId id, ChildId parent, const GroupOptions& options) {
  check(options);
  if (id == parent) throw std::invalid_argument("parent: a group cannot supervise itself");
  if (id == kTop || has(id)) throw std::invalid_argument("group: its id is in use");
  Group* const above = group(parent);
  if (parent != kTop && (above == nullptr || above->is_leaving()))
    throw std::invalid_argument("parent: there is no such group, or it has been stopped");
  Group made(options, above == nullptr ? Parting::for_good : Parting::for_now);
  nodes_.reserve(nodes_.size() + 1);  // so that nothing fails once the parent knows of it
  if (Group* moved = group(parent)) {
    moved->add(id);
  } else {
    made.start();
  }
  nodes_.push_back({id, parent, std::move(made)});
}

bool Supervisor::add(ChildId id, ChildId actor) {
  Group* const found = group(id);
  if (found == nullptr || found->is_leaving() || actor == kTop || has(actor)) return false;
  found->add(actor);
  return true;
}

void Supervisor::started(ChildId actor) {
  if (Group* found = group_with(actor)) found->started(actor);
}

void Supervisor::ended(ChildId actor, Exit exit, TimePoint now) {
  if (Group* found = group_with(actor)) found->ended(actor, exit, now);
}

void Supervisor::removed(ChildId actor) {
  if (Group* found = group_with(actor)) found->removed(actor);
}

void Supervisor::stop(ChildId id) {
  if (Group* found = group(id)) found->stop(Parting::for_good);
}

// From the youngest group on: what is below a group has had its say when its own turn comes.
std::optional<Order> Supervisor::next(TimePoint now) {
  for (auto node = nodes_.end(); node != nodes_.begin();) {
    --node;
    const auto order = node->group.next();
    if (!order) continue;
    if (const auto of_an_actor = carry_out(node, *order, now)) return of_an_actor;
    node = nodes_.end();
  }
  return std::nullopt;
}

std::optional<Order> Supervisor::carry_out(Nodes::iterator node, const Order& order, TimePoint now) {
  switch (order.what) {
    case What::start:
    case What::end:
    case What::forget:
      return pass_down(order, node->group.is_leaving());
    case What::came_up:
      if (Group* above = group(node->parent)) above->started(node->id);
      return std::nullopt;
    case What::stopped:
      return stopped(node, now);
    case What::gave_up:
      return gave_up(*node, now);
  }
  return std::nullopt;
}

std::optional<Order> Supervisor::pass_down(const Order& order, bool is_for_good) {
  const auto below = find(order.child);
  if (below == nodes_.end()) return order;
  if (order.what == What::start) {
    below->group.start();
    return std::nullopt;
  }
  if (order.what == What::forget) below->parent = kTop;  // then it leaves, or the group above does
  below->group.stop(is_for_good ? Parting::for_good : Parting::for_now);
  return std::nullopt;
}

// One that leaves is forgotten by the group above it first, and then here.
std::optional<Order> Supervisor::stopped(Nodes::iterator node, TimePoint now) {
  const ChildId id = node->id;
  const bool is_leaving = node->group.is_leaving();
  Group* const above = group(node->parent);
  if (above != nullptr) {
    is_leaving ? above->removed(id) : above->ended(id, Exit::clean, now);
    return std::nullopt;
  }
  nodes_.erase(node);
  return Order{What::forget, id};
}

std::optional<Order> Supervisor::gave_up(Node& node, TimePoint now) {
  if (Group* above = group(node.parent)) {
    above->started(node.id);  // something of it was up, or nothing could have failed: so this is no start that failed
    above->ended(node.id, Exit::crash, now);
  } else {
    node.group.stop(Parting::for_good);
  }
  return Order{What::gave_up, node.id};
}

}  // namespace troupe::supervision
