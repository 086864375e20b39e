// SPDX-License-Identifier: BSL-1.0
#include "supervision/group.hpp"

#include <algorithm>
#include <stdexcept>

namespace troupe::supervision {

Group::Group(const GroupOptions& options, Parting on_giving_up)
    : options_(options), on_giving_up_(on_giving_up), window_(options.intensity.max, options.intensity.within) {}

Group::Children::iterator Group::find(ChildId child) {
  return std::find_if(children_.begin(), children_.end(), [child](const Child& each) { return each.id == child; });
}

bool Group::has(ChildId child) const {
  return std::any_of(children_.begin(), children_.end(), [child](const Child& each) { return each.id == child; });
}

bool Group::is_leaving(ChildId child) const {
  const auto leaves = [child](const Child& each) { return each.id == child && each.state == State::left; };
  return std::any_of(children_.begin(), children_.end(), leaves);
}

void Group::start() {
  if (phase_ != Phase::down || is_leaving_) return;
  window_.clear();
  phase_ = Phase::up;
  owes_came_up_ = true;
}

void Group::add(ChildId child) {
  if (!has(child)) children_.push_back({.id = child, .state = is_leaving_ ? State::left : State::down});
}

void Group::started(ChildId child) {
  const auto found = find(child);
  if (found == children_.end() || !found->is_alive()) return;
  found->is_new = false;
  if (found->state == State::starting) found->state = State::up;  // else the report and an order to end have crossed
}

void Group::removed(ChildId child) {
  const auto found = find(child);
  if (found != children_.end()) found->state = State::left;
}

void Group::ended(ChildId child, Exit exit, TimePoint now) {
  const auto found = find(child);
  if (found == children_.end() || !found->is_alive()) return;
  const bool went_by_itself = found->state != State::ending;
  const bool leaves = is_leaving_ || (went_by_itself && (exit == Exit::clean || found->is_new));
  const bool is_failure = !leaves && !found->must_end;
  found->state = leaves ? State::left : State::down;
  found->must_end = false;
  if (is_failure) failed(found, now);
}

void Group::failed(Children::iterator child, TimePoint now) {
  if (!window_.admit(now)) {
    is_giving_up_ = true;
    return close(on_giving_up_);
  }
  if (options_.strategy == Strategy::one_for_one) return;
  const auto first = options_.strategy == Strategy::one_for_all ? children_.begin() : child;
  for (auto each = first; each != children_.end(); ++each) each->must_end = each->is_alive();
}

void Group::stop(Parting parting) {
  is_giving_up_ = false;
  close(parting);
}

void Group::close(Parting parting) {
  phase_ = Phase::closing;
  is_leaving_ = is_leaving_ || parting == Parting::for_good;
  for (Child& each : children_) {
    each.must_end = each.is_alive();
    if (is_leaving_ && !each.is_alive()) each.state = State::left;
  }
}

std::optional<Order> Group::next() {
  const auto left = std::find_if(children_.begin(), children_.end(), [](const Child& each) { return each.state == State::left; });
  if (left != children_.end()) {
    const ChildId child = left->id;
    children_.erase(left);
    return Order{Order::What::forget, child};
  }
  const bool must_end = std::any_of(children_.begin(), children_.end(), [](const Child& each) { return each.must_end; });
  if (must_end) return next_end();
  if (phase_ == Phase::closing) return closed();
  return phase_ == Phase::up ? next_start() : std::nullopt;
}

std::optional<Order> Group::next_end() {
  const auto is_ending = [](const Child& each) { return each.state == State::ending; };
  if (std::any_of(children_.begin(), children_.end(), is_ending)) return std::nullopt;
  const auto youngest = std::find_if(children_.rbegin(), children_.rend(), [](const Child& each) { return each.must_end; });
  youngest->state = State::ending;
  return Order{Order::What::end, youngest->id};
}

std::optional<Order> Group::closed() {
  phase_ = Phase::down;
  return Order{is_giving_up_ ? Order::What::gave_up : Order::What::stopped};
}

std::optional<Order> Group::next_start() {
  const bool is_one_at_a_time = options_.strategy != Strategy::one_for_one;
  bool is_any_starting = false;
  for (Child& each : children_) {
    if (each.state == State::down) {
      each.state = State::starting;
      return Order{Order::What::start, each.id};
    }
    if (each.state == State::starting) is_any_starting = true;
    if (is_any_starting && is_one_at_a_time) return std::nullopt;
  }
  if (is_any_starting || !owes_came_up_) return std::nullopt;
  owes_came_up_ = false;
  return Order{Order::What::came_up};
}

void check(const GroupOptions& options) {
  if (options.strategy > Strategy::rest_for_one)
    throw std::invalid_argument("GroupOptions::strategy must be one_for_one, one_for_all or rest_for_one");
  if (options.intensity.max != 0 && options.intensity.within == Timeout(std::chrono::nanoseconds::zero()))
    throw std::invalid_argument("GroupOptions::intensity.within must be longer than zero: it is the window that `max` counts in");
}

}  // namespace troupe::supervision
