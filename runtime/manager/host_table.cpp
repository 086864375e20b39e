// SPDX-License-Identifier: BSL-1.0
#include "manager/host_table.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/quoted_name.hpp"
#include "platform/coarse_clock.hpp"
#include "platform/process_memory.hpp"
#include "platform/random.hpp"
#include "wire/registry.hpp"

namespace troupe::manager {

namespace {

ActorState state_of(const HostRecord& host) {
  if (host.has_fallen && !host.is_usable()) return ActorState::dead;
  if (host.has_fallen) return ActorState::starting;
  if (host.stage != Stage::running) return ActorState::starting;
  return host.asked == Asked::nothing ? ActorState::running : ActorState::stopping;
}

}  // namespace

std::string name_of(ActorId actor, const std::string& name, const std::string& type) {
  const std::string of_type = wire::readable_type(type.c_str());
  return name.empty() ? fmt::format("actor {} ({})", actor.value, of_type)
                      : fmt::format("actor {} {} ({})", actor.value, detail::quoted_name(name), of_type);
}

std::string name_of(const HostRecord& host) { return name_of(host.actor.id, host.actor.name, host.actor.type); }

void HostRecord::kill_for(Asked why) {
  asked = why;
  is_killed = true;
  child->kill();
}

std::array<int, wire::Opened::kHandles> HostRecord::handles_for_client(const std::vector<platform::Handle>& of_channel) const {
  if (of_channel.size() != wire::ChannelAnswer::kHandles)
    throw ProtocolError("a host's channel comes with the wrong number of handles");
  std::array<int, wire::Opened::kHandles> all{};
  std::transform(of_channel.begin(), of_channel.end(), all.begin(), [](const platform::Handle& each) { return each.get(); });
  all.back() = child->process().handle().get();
  return all;
}

void HostRecord::begin_next_life() {
  ++starts;
  if (has_run) ++actor.incarnation;
  actor.pid = 0;
  stage = Stage::starting;
  asked = Asked::nothing;
  peer.reset();
  child.reset();
  modules.clear();
  has_said_hello = false;
  life = {};
  status = {};
  output.reset();
  lost_by_host = lost_here = lost_in_printout = 0;
  channels.clear();
  hang.reset();
  alarm.cancel();
  patience.cancel();
  end_time = std::chrono::steady_clock::time_point::max();
  dump_end = {};
  is_overdue = is_killed = is_leaving = has_fallen = false;
  violation.clear();
  lost_touch.clear();
  start_failure.clear();
}

HostTable::~HostTable() {
  for (auto& [actor, host] : hosts_) {
    if (host->peer) host->peer->close();
  }
}

HostRecord& HostTable::add() {
  auto host = std::make_unique<HostRecord>(loop_);
  host->actor.id = ActorId{++last_actor_};
  host->actor.key = {platform::random_bits(), platform::random_bits()};
  return *(hosts_[host->actor.id] = std::move(host));
}

std::unique_ptr<HostRecord> HostTable::remove(ActorId actor) {
  auto node = hosts_.extract(actor);
  return node.empty() ? nullptr : std::move(node.mapped());
}

HostRecord* HostTable::find(ActorId actor) {
  const auto found = hosts_.find(actor);
  return found == hosts_.end() ? nullptr : found->second.get();
}

HostRecord* HostTable::find(ActorId actor, const wire::ActorKey& key) {
  HostRecord* host = find(actor);
  return host != nullptr && host->actor.key == key ? host : nullptr;
}

namespace {

constexpr unsigned kStartBits = 20;

}  // namespace

std::uint64_t launch_number(const HostRecord& host) {
  return host.actor.id.value << kStartBits | (host.starts & ((1u << kStartBits) - 1));
}

HostRecord* HostTable::find_launch(std::uint64_t number) {
  HostRecord* host = find(ActorId{number >> kStartBits});
  return host != nullptr && launch_number(*host) == number ? host : nullptr;
}

std::vector<ActorId> HostTable::actors() const {
  std::vector<ActorId> all;
  for (const auto& [actor, host] : hosts_) all.push_back(actor);
  return all;
}

namespace {

void add_life(ActorInfo& info, const platform::LifeStatus& life) {
  info.calls_handled = life.calls_handled.load(std::memory_order_relaxed);
  const std::chrono::nanoseconds since(life.running_since.load(std::memory_order_relaxed));
  if (!info.running.empty()) info.running_for = std::max(platform::coarse_now() - since, std::chrono::nanoseconds::zero());
}

}  // namespace

ActorInfo info_of(const HostRecord& host) {
  ActorInfo info;
  info.id = host.actor.id;
  info.name = host.actor.name;
  info.type = wire::readable_type(host.actor.type.c_str());
  info.pid = host.actor.pid;
  info.state = state_of(host);
  info.incarnation = host.actor.incarnation;
  info.mailbox_depth = host.status.mailbox_depth;
  info.calls_handled = host.status.calls_handled;
  info.running = host.status.running_method;
  if (host.life) add_life(info, host.life.status());
  info.restarts = host.actor.incarnation - 1;
  info.last_death = host.last_cause;
  info.parent = host.parent;
  if (host.child) info.memory = platform::own_bytes_of(info.pid);
  return info;
}

}  // namespace troupe::manager
