// SPDX-License-Identifier: BSL-1.0
#include "group_world.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "orders.hpp"

namespace troupe::supervision {

using What = Happening::What;

namespace {

constexpr std::size_t kMostMembers = 4;
constexpr std::chrono::seconds kStep(10);

std::string text_of(const Happening& happening) {
  static constexpr const char* kNames[] = {"crash",   "clean exit",       "comes up",    "removed", "added",
                                           "stopped", "stopped for good", "lives again", "time"};
  return fmt::format("{} {}", kNames[static_cast<int>(happening.what)], happening.child);
}

}  // namespace

GroupWorld::GroupWorld(const GroupOptions& options, Parting on_giving_up, std::size_t children)
    : options_(options), on_giving_up_(on_giving_up), group_(options, on_giving_up) {
  for (std::size_t i = 0; i < children; ++i) add(++last_id_);
  happen({What::lives_again});
  settle();
}

GroupWorld::Member* GroupWorld::find(ChildId id) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& each) { return each.id == id; });
  return found == members_.end() ? nullptr : &*found;
}

bool GroupWorld::is_any(State state) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& each) { return each.state == state; });
}

bool GroupWorld::is_any_alive() const {
  return std::any_of(members_.begin(), members_.end(), [](const Member& each) { return each.is_alive(); });
}

void GroupWorld::expect(bool is_kept, const char* promise) {
  if (!is_kept && broken_.empty()) broken_ = promise;
}

// --- what happens

std::vector<Happening> GroupWorld::possible() const {
  std::vector<Happening> result;
  for (const Member& each : members_) {
    if (each.is_alive()) result.push_back({What::crash, each.id});
    if (each.is_alive()) result.push_back({What::clean_exit, each.id});
    const bool is_coming_up = each.state == State::starting || (each.state == State::ending && !each.was_up);
    if (is_coming_up) result.push_back({What::comes_up, each.id});
    result.push_back({What::removed, each.id});
  }
  if (members_.size() < kMostMembers) result.push_back({What::added});
  if (!is_for_good_) result.insert(result.end(), {{What::stopped}, {What::stopped_for_good}});
  if (!lives_ && !is_closing_ && !is_for_good_) result.push_back({What::lives_again});
  result.push_back({What::time_passes});
  return result;
}

void GroupWorld::happen(const Happening& what) {
  story_ += text_of(what) + "; ";
  Member* const member = find(what.child);
  switch (what.what) {
    case What::crash:
      ended(*member, Exit::crash);
      group_.ended(what.child, Exit::crash, now_);
      break;
    case What::clean_exit:
      ended(*member, Exit::clean);
      group_.ended(what.child, Exit::clean, now_);
      break;
    case What::comes_up:
      if (member->state == State::starting) member->state = State::up;
      member->was_up = true;
      group_.started(what.child);
      break;
    case What::removed:
      member->state = State::gone;
      group_.removed(what.child);
      break;
    case What::added:
      add(++last_id_);
      break;
    case What::stopped:
    case What::stopped_for_good:
      gives_up_ = false;
      close(what.what == What::stopped_for_good);
      group_.stop(what.what == What::stopped_for_good ? Parting::for_good : Parting::for_now);
      break;
    case What::lives_again:
      lives_ = true;
      has_come_up_ = false;
      failures_.clear();
      restarts_.clear();
      group_.start();
      break;
    case What::time_passes:
      now_ += kStep;
      break;
  }
  take_orders();
}

void GroupWorld::add(ChildId id) {
  members_.push_back({.id = id, .state = is_for_good_ ? State::gone : State::down});
  group_.add(id);
}

void GroupWorld::settle() {
  story_ += "settle: ";
  const auto is_moving = [](const Member& each) { return each.state == State::starting || each.state == State::ending; };
  for (;;) {
    const auto moving = std::find_if(members_.begin(), members_.end(), is_moving);
    if (moving == members_.end()) break;
    happen({moving->state == State::starting ? What::comes_up : What::clean_exit, moving->id});
  }
  const bool are_all_up =
      std::all_of(members_.begin(), members_.end(), [](const Member& each) { return each.state == State::up; });
  expect(lives_ ? are_all_up && !is_closing_ : !is_any_alive(), "in the end all are up, or the group is over and nobody is");
}

// --- what the group ought to make of it

void GroupWorld::ended(Member& member, Exit exit) {
  const bool was_asked = member.state == State::ending;
  const bool had_to_go = member.has_to_go;
  const bool has_done = !was_asked && (exit == Exit::clean || !member.was_up);
  member.state = has_done || is_for_good_ ? State::gone : State::down;
  member.has_to_go = false;
  if (exit == Exit::crash && !was_asked && !had_to_go && !has_done) failed(member);
}

void GroupWorld::failed(const Member& failed) {
  failures_.push_back(now_);
  const auto in_window = [this](TimePoint failure) { return now_ - failure <= options_.intensity.within.span(); };
  if (std::count_if(failures_.begin(), failures_.end(), in_window) > static_cast<int>(options_.intensity.max)) {
    gives_up_ = true;
    return close(on_giving_up_ == Parting::for_good);
  }
  for (Member& each : members_) {
    const bool is_meant =
        options_.strategy == Strategy::one_for_all || (options_.strategy == Strategy::rest_for_one && each.id > failed.id);
    if (is_meant && each.is_alive()) each.has_to_go = true;
  }
}

void GroupWorld::close(bool is_for_good) {
  lives_ = false;
  is_closing_ = true;
  is_for_good_ = is_for_good_ || is_for_good;
  for (Member& each : members_) {
    each.has_to_go = each.is_alive();
    if (is_for_good_ && each.state == State::down) each.state = State::gone;
  }
}

// --- what it makes of it

void GroupWorld::take_orders() {
  while (const auto order = group_.next()) {
    story_ += fmt::format("[{}] ", supervision::text_of(*order));
    take(*order);
    if (!broken_.empty()) return;
  }
  expect_nothing_to_do();
}

void GroupWorld::take(const Order& order) {
  switch (order.what) {
    case Order::What::end:
      return take_end(order);
    case Order::What::start:
      return take_start(order);
    case Order::What::forget:
      return take_forget(order);
    case Order::What::came_up:
      expect(lives_ && !has_come_up_, "it comes up once in each life");
      expect(std::all_of(members_.begin(), members_.end(), [](const Member& each) { return each.state == State::up; }),
             "when it has come up, all are up");
      has_come_up_ = true;
      return;
    case Order::What::stopped:
      return take_closed(false);
    case Order::What::gave_up:
      return take_closed(true);
  }
}

void GroupWorld::take_end(const Order& order) {
  Member* const member = find(order.child);
  expect(member != nullptr && member->is_alive() && member->has_to_go, "only those are ended who live and have to go");
  expect(!is_any(State::ending), "ends come one after the other");
  for (const Member& each : members_) expect(each.id <= order.child || !each.has_to_go, "the youngest is ended first");
  if (member != nullptr) member->state = State::ending;
}

void GroupWorld::take_start(const Order& order) {
  Member* const member = find(order.child);
  expect(lives_, "a group that does not live starts nobody");
  expect(member != nullptr && member->state == State::down, "only those are started who are down");
  if (member == nullptr) return;
  for (const Member& each : members_) {
    expect(!each.has_to_go || !each.is_alive(), "nobody is started while anybody has to go");
    expect(options_.strategy == Strategy::one_for_one || each.id >= order.child || each.state == State::up,
           "who may depend on others is started when they are up");
    expect(options_.strategy != Strategy::one_for_one || each.id >= order.child || each.state != State::down,
           "the oldest is started first");
  }
  member->state = State::starting;
  if (options_.strategy != Strategy::one_for_one || !member->was_up || !has_come_up_) return;
  restarts_.push_back(now_);
  const auto in_window = [this](TimePoint restart) { return now_ - restart <= options_.intensity.within.span(); };
  expect(std::count_if(restarts_.begin(), restarts_.end(), in_window) <= static_cast<int>(options_.intensity.max),
         "never more restarts within the window than the intensity allows");
}

void GroupWorld::take_forget(const Order& order) {
  const Member* const member = find(order.child);
  expect(member != nullptr && member->state == State::gone, "only those are forgotten who are gone for good");
  std::erase_if(members_, [&](const Member& each) { return each.id == order.child; });
}

void GroupWorld::take_closed(bool gave_up) {
  expect(is_closing_ && gave_up == gives_up_, "it says that it stopped, or gave up, when it did");
  expect(!is_any_alive(), "when it is over, nobody lives");
  expect(!is_for_good_ || members_.empty(), "when it is over for good, it has forgotten everybody");
  is_closing_ = false;
  given_up_ += gave_up ? 1 : 0;
}

void GroupWorld::expect_nothing_to_do() {
  const auto has_to_go = [](const Member& each) { return each.has_to_go && each.is_alive(); };
  const bool is_any_to_go = std::any_of(members_.begin(), members_.end(), has_to_go);
  expect(!is_any(State::gone), "who is gone is forgotten");
  expect(!is_any_to_go || is_any(State::ending), "who has to go is ended, or waits for one that is");
  expect(is_any_to_go || !is_closing_, "when nobody has to go any more, it is over");
  if (!lives_ || is_any_to_go) return;
  expect(!is_any(State::down) || (options_.strategy != Strategy::one_for_one && is_any(State::starting)),
         "who is down is started, or waits for one that is");
  expect(has_come_up_ || is_any(State::starting), "when all are up it has come up");
}

}  // namespace troupe::supervision
