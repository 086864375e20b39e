// SPDX-License-Identifier: BSL-1.0
#include "manager/groups.hpp"

#include <troupe/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "manager/listing.hpp"
#include "manager/restarting.hpp"

namespace troupe::manager {

namespace {

using supervision::Order;

constexpr std::chrono::seconds kGraceOfARestart(5);
constexpr const char* kIsOver = "there is no such group (any more): it has been stopped, or has given up; make a new one";
constexpr const char* kEndsBefore = "its group has been stopped, or has given up, before it came up";

GroupOptions options_of(const wire::Supervise& message) {
  return {.strategy = static_cast<Strategy>(message.strategy),
          .intensity = {.max = message.max, .within = std::chrono::nanoseconds(message.within_ns)}};
}

}  // namespace

Groups::Record* Groups::find(GroupNumber group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

Groups::Record* Groups::find_of(ClientId client, GroupNumber group) {
  Record* record = find(group);
  return record != nullptr && record->owner == client ? record : nullptr;
}

void Groups::on(ClientId client, const wire::Supervise& message) {
  const auto refuse = [&](wire::Refusal kind, const char* text) {
    tables_.clients.refuse(client, message.request, failure_of(kind, text));
  };
  if (tables_.is_closing_for(client))
    return refuse(wire::Refusal::stopped, "the runtime is shutting down; make no groups after shutdown()");
  if (!tables_.clients.find(client)->is_program()) throw ProtocolError("an actor wants a group: programs have groups");
  if (message.parent != 0 && find_of(client, message.parent) == nullptr) return refuse(wire::Refusal::bad_options, kIsOver);
  const GroupNumber group = tables_.hosts.next_group();
  const GroupOptions options = options_of(message);
  Record& record = groups_[group];
  record.owner = client;
  record.parent = message.parent;
  record.within = options.intensity.within;
  try {
    tell().add_group(group, message.parent, options);
  } catch (const std::invalid_argument& error) {
    groups_.erase(group);
    return refuse(wire::Refusal::bad_options, error.what());
  }
  tables_.clients.send(client, wire::Supervised{message.request, group});
}

void Groups::on(ClientId client, const wire::StopGroup& message) {
  Record* record = find_of(client, message.group);
  if (record == nullptr) return tables_.clients.send(client, wire::AllStopped{message.request, {}, false});
  record->requesters.push_back({client, message.request});
  const Timeout grace = std::chrono::nanoseconds(message.grace_ns);
  const auto stop_time = grace.after(Clock::now());
  record->stop_time = std::min(record->stop_time.value_or(stop_time), stop_time);
  tell().stop(message.group);
  hurry(message.group);
}

// Who is on the way out already, for whatever reason, may have less time now.
void Groups::hurry(GroupNumber group) {
  for (const ActorId actor : tables_.hosts.actors()) {
    HostRecord* host = tables_.hosts.find(actor);
    if (host != nullptr && host->is_on_its_way_out() && is_in(host->group, group))
      ending_.end_within(*host, grace_in(host->group));
  }
}

bool Groups::is_in(GroupNumber group, GroupNumber upper) {
  while (group != upper) {
    const Record* record = find(group);
    if (record == nullptr) return false;
    group = record->parent;
  }
  return true;
}

void Groups::client_gone(ClientId client) {
  for (const auto& [group, record] : groups_) {
    if (record.owner == client) tell().stop(group);
  }
}

void Groups::add(const HostRecord& host) {
  const bool is_its_own = find_of(host.spawner, host.group) != nullptr;
  if (!is_its_own || !tell().add(host.group, host.actor.id.value)) throw std::invalid_argument(kIsOver);
}

// One that has not been constructed yet, and is not waited for any more, has been given up.
bool Groups::lives_on(HostRecord& host, const DeathCause& cause) {
  const auto now = Clock::now();
  const supervision::ChildId actor = host.actor.id.value;
  note_killed(host, cause);
  if (!host.is_wanted() || tables_.is_closing_for(host.spawner) || (!host.has_run && !host.request)) {
    tell().removed(actor);
  } else {
    const bool follows_any_exit = host.order.restart.on == static_cast<std::uint8_t>(RestartPolicy::On::any_exit);
    const auto exit = follows_any_exit ? supervision::Exit::crash : exit_of(cause);
    Record* record = find(host.group);
    const bool is_its_own = host.asked == Asked::nothing || host.asked == Asked::hung;
    const bool may_count = host.has_run && is_its_own && exit == supervision::Exit::crash;
    if (may_count && record != nullptr) record->first_death.note(cause, record->within, now, name_of(host));
    tell().ended(actor, exit, now);
  }
  host.last_cause = cause;
  const bool leaves = supervisor_.is_leaving(actor);
  if (leaves) part_with(host);
  return !leaves && supervisor_.has(actor);
}

void Groups::note_killed(const HostRecord& host, const DeathCause& cause) {
  if (host.stage != Stage::running || !has_outstayed_grace(host, cause)) return;
  for (Record* record = find(host.group); record != nullptr; record = find(record->parent)) {
    if (record->requesters.empty()) continue;
    record->killed.push_back(info_of(host));
    record->killed.back().state = ActorState::dead;
    record->killed.back().last_death = cause;
  }
}

// Who calls it hears why its group gave up, if that is how it ends; and who spawned it, that it was called off.
void Groups::part_with(HostRecord& host) {
  if (!host.has_run && host.asked == Asked::restart) host.start_failure = kEndsBefore;
  GroupNumber group = host.group;
  for (Record* record = find(group); record != nullptr; group = record->parent, record = find(group)) {
    if (!supervisor_.is_giving_up(group)) continue;
    host.first_death = record->first_death;
    host.has_given_up = true;
    return;
  }
}

namespace {

// Says that something is going on, while it lives.
class Mark {
 public:
  explicit Mark(bool& is_on) : is_on_(is_on) { is_on_ = true; }
  ~Mark() { is_on_ = false; }
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;

 private:
  bool& is_on_;
};

}  // namespace

// What is reported while an order is carried out, the next orders take into account.
void Groups::look() noexcept {
  if (is_looking_ || !has_news_) return;
  const Mark looking(is_looking_);
  while (const auto order = supervisor_.next(Clock::now())) carry_out(*order);
  has_news_ = false;
}

void Groups::carry_out(const Order& order) {
  switch (order.what) {
    case Order::What::start:
      return start(ActorId{order.child});
    case Order::What::end:
      return end(ActorId{order.child});
    case Order::What::forget:
      return forget(order.child);
    case Order::What::gave_up:
      return gave_up(order.child);
    case Order::What::came_up:
    case Order::What::stopped:  // told to the group above, by the supervisor
      return;
  }
}

void Groups::start(ActorId actor) {
  HostRecord* host = tables_.hosts.find(actor);
  host != nullptr ? spawning_.start(*host) : tell().removed(actor.value);
}

// Where everything is being stopped, it has been told to.
void Groups::end(ActorId actor) {
  HostRecord* host = tables_.hosts.find(actor);
  if (host == nullptr) return tell().removed(actor.value);
  if (tables_.is_closing_for(host->spawner)) return ending_.end_within(*host, grace_in(host->group));
  if (host->stage == Stage::running && supervisor_.ends_for_good(actor.value)) host->is_last_life = true;
  ending_.stop_life(*host, grace_in(host->group));
}

std::chrono::nanoseconds Groups::grace_in(GroupNumber group) {
  constexpr auto kNever = Clock::time_point::max();
  std::optional<Clock::time_point> stop_time;
  for (Record* record = find(group); record != nullptr; record = find(record->parent)) {
    if (record->stop_time) stop_time = std::min(stop_time.value_or(kNever), *record->stop_time);
  }
  if (!stop_time) return kGraceOfARestart;
  return *stop_time == kNever ? std::chrono::nanoseconds::max() : std::max(*stop_time - Clock::now(), Clock::duration::zero());
}

// An actor that is still there waits for its next life, or for its first one.
void Groups::forget(supervision::ChildId child) {
  if (find(child) != nullptr) return group_ended(child);
  HostRecord* host = tables_.hosts.find(ActorId{child});
  if (host == nullptr) return;
  part_with(*host);
  spawning_.abandon(*host, Asked::stop, failure_of(wire::Refusal::start_failed, kEndsBefore));
}

void Groups::group_ended(GroupNumber group) {
  const auto node = groups_.extract(group);
  for (const Requester& each : node.mapped().requesters) {
    send_in_parts(node.mapped().killed, [&](std::vector<ActorInfo> part, bool has_more) {
      tables_.clients.send(each.client, wire::AllStopped{each.request, std::move(part), has_more});
    });
  }
}

// What follows from it is in other orders.
void Groups::gave_up(GroupNumber group) {
  Record& record = *find(group);
  const DeathCause cause = record.first_death.cause().value_or(DeathCause());
  if (Record* above = find(record.parent))
    above->first_death.note(cause, above->within, Clock::now(), record.first_death.whose());
  record.first_death.forget();
  tables_.clients.send_to_programs(wire::GroupFailed{group, cause});
}

}  // namespace troupe::manager
