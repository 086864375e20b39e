// SPDX-License-Identifier: BSL-1.0
#include "manager/ending.hpp"

#include <troupe/error.hpp>
#include <troupe/timeout.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "manager/restarting.hpp"
#include "platform/coarse_clock.hpp"
#include "platform/process_state.hpp"
#include "wire/registry.hpp"

namespace troupe::manager {

// The host numbers its methods by its own modules; this process may be another program.
std::string name_of_running_method(const HostRecord& host) {
  const std::uint32_t running = host.life.status().running_method.load(std::memory_order_relaxed);
  if (running == 0) return {};
  if (running == wire::kDestructorRuns) return "destructor of " + wire::readable_type(host.actor.type.c_str());
  try {
    const auto* node = wire::ModuleMap(host.modules).find({running - 1});
    return node != nullptr ? wire::readable_name(*node) : std::string();
  } catch (const IncompatibleInterface&) {
    return {};
  }
}

// Of one that was to stop, a grace that ran out is no failure.
bool is_wanted_end(const HostRecord& host, const DeathCause& cause) {
  if (host.has_given_up) return false;
  return exit_of(cause) == supervision::Exit::clean || (cause.kind == DeathKind::killed_by_us && host.is_stopping());
}

bool has_outstayed_grace(const HostRecord& host, const DeathCause& cause) {
  const bool is_ours = cause.kind == DeathKind::killed_by_us || cause.kind == DeathKind::linked;
  return host.is_stopping() && host.is_overdue && is_ours && cause.signal != 0;
}

namespace {

// So that what tells of two deaths fits a message.
constexpr std::size_t kMostDetailBytes = 8 * 1024;

constexpr std::chrono::seconds kTimeToLeave(5);      // to write a core, or to run exit handlers
constexpr std::chrono::seconds kTimeToTerminate(1);  // for a handler of SIGTERM
constexpr std::chrono::minutes kTimeToDump(5);       // then who waits for its next life counts for more than its core
constexpr std::chrono::seconds kLookAgain(1);        // whether its debugger has gone, or its core is written

std::chrono::nanoseconds grace_of(std::int64_t nanoseconds) {
  return std::chrono::nanoseconds(std::max<std::int64_t>(nanoseconds, 0));
}

// It may have come out of it in the last moment.
void add_hang(DeathFacts& facts, const HangRecord& hang) {
  facts.method = hang.method;
  facts.in_method_for = hang.running_for;
  facts.method_time = std::max(facts.method_time, hang.running_for);
  facts.backtrace = hang.backtrace;
}

// Until it crashed, or (a little after its death) until now. What its page says is its own word.
std::chrono::nanoseconds method_time_of(const platform::LifeStatus& status) {
  const std::chrono::nanoseconds now = platform::coarse_now();
  const std::chrono::nanoseconds since(status.running_since.load(std::memory_order_relaxed));
  const std::chrono::nanoseconds crashed(status.crashed_at.load(std::memory_order_relaxed));
  const bool has_crashed = status.fatal_signal.load(std::memory_order_acquire) != 0;
  const auto until = has_crashed ? std::min(crashed, now) : now;
  return since.count() > 0 && since < until ? until - since : std::chrono::nanoseconds();
}

DeathFacts facts_of(const HostRecord& host, const platform::ChildEnd& end) {
  DeathFacts facts;
  facts.status = end.status;
  facts.is_status_known = !end.is_lost;
  facts.usage = end.usage;
  facts.own_time_us = end.own_time_us;
  facts.asked = host.asked;
  facts.constructor_threw = host.stage == Stage::refused;
  facts.was_killed = host.is_killed;
  facts.was_overdue = host.is_overdue;
  facts.failed_to_start = !host.start_failure.empty();
  facts.violation = host.violation;
  facts.lost_touch = host.lost_touch;
  facts.incarnation = host.actor.incarnation;
  facts.linked_end = host.linked_end;
  facts.limits = host.order.limits;
  facts.inherited_cpu_seconds = host.inherited_cpu_seconds;
  if (host.output) facts.stderr_tail = host.output->tail();
  if (!host.life) return facts;
  facts.wanted_memory = host.life.status().wanted_memory.load(std::memory_order_acquire) == 1;
  facts.was_ended_by_caller = host.life.status().was_ended_by_caller.load(std::memory_order_acquire) == 1;
  facts.has_handler = true;
  facts.fatal_signal = host.life.status().fatal_signal.load(std::memory_order_acquire);
  facts.fault_address = host.life.status().fault_address.load(std::memory_order_relaxed);
  facts.has_fault_address = host.life.status().has_fault_address.load(std::memory_order_relaxed) == 1;
  if (facts.fatal_signal != 0) {
    facts.backtrace = host.life.crash_trace();
    facts.last_words = host.life.last_words();
    facts.lacked_memory = host.life.lacked_memory();
    facts.had_no_memory = host.life.had_no_memory();
  }
  facts.method = name_of_running_method(host);
  if (!facts.method.empty()) facts.method_time = method_time_of(host.life.status());
  if (host.asked == Asked::hung && facts.fatal_signal == 0) add_hang(facts, *host.hang);
  return facts;
}

// At once, whatever else is asked of it.
bool is_going(const HostRecord& host) {
  if (host.stage == Stage::running)
    return host.asked == Asked::kill || host.asked == Asked::parent_gone || host.asked == Asked::hung;
  return host.stage == Stage::refused || !host.is_wanted();
}

// Who has to hear of its end: who has a channel, holds it, or watches.
std::set<ClientId> interested_in(const Tables& tables, const HostRecord& host) {
  std::set<ClientId> clients = host.watchers;
  for (const ClientId client : tables.references.holders(host.actor.id)) clients.insert(client);
  for (const auto& [number, channel] : host.channels) clients.insert(channel.client);
  for (const AttachRequest& each : host.attaching) clients.insert(each.client);
  return clients;
}

}  // namespace

Ending::Ending(Tables& tables, Spawning& spawning, LifeWatch& life_watch)
    : tables_(tables), spawning_(spawning), life_watch_(life_watch) {
  if (!memory_kills_.changes()) return;
  memory_watch_ =
      std::make_unique<HandleWatch>(tables.loop, memory_kills_.changes().get(), [this] { memory_kills_.note_changes(); });
}

void Ending::on(ClientId, const wire::StopActor& message) {
  HostRecord* host = tables_.hosts.find(message.actor, message.key);
  if (host != nullptr) stop(*host, grace_of(message.grace_ns));
}

void Ending::on(ClientId, const wire::KillActor& message) {
  HostRecord* host = tables_.hosts.find(message.actor, message.key);
  if (host != nullptr) kill(*host, Asked::kill, failure_of(wire::Refusal::start_failed, "it was killed while it came up"));
}

// Every watch is answered in the end, also one for an actor that nobody remembers.
void Ending::on(ClientId client, const wire::Watch& message) {
  if (HostRecord* host = tables_.hosts.find(message.actor, message.key)) {
    host->watchers.insert(client);
  } else if (const auto* obituary = tables_.obituaries.find(message.actor, message.key)) {
    wire::ActorDown down = obituary->down;
    down.is_answer = true;
    tables_.clients.send(client, down);
  } else {
    wire::ActorDown down;
    down.is_answer = true;
    down.actor = message.actor;
    down.cause.detail = "it ended long ago, or belongs to another runtime";
    tables_.clients.send(client, down);
  }
}

void Ending::stop(HostRecord& host, std::chrono::nanoseconds grace, Asked why) {
  host.is_last_life = true;
  if (host.stage != Stage::running) {
    return kill(host, why, failure_of(wire::Refusal::stopped, "it was stopped while it came up"));
  }
  if (is_going(host)) return;
  tell_to_stop(host, why);
  end_within(host, grace);  // also one that is going: its exit handlers may take for ever
}

// One that has fallen hears nothing; how it ends is its own doing. One that has to follow another's end does so whoever else
// wants it to stop meanwhile: what becomes of those behind it hangs on no race.
void Ending::tell_to_stop(HostRecord& host, Asked why) {
  if (host.asked == Asked::linked || (host.asked == Asked::nothing && host.has_fallen)) return;
  if (host.asked == Asked::nothing) host.peer->send<wire::ToHost>(wire::StopHost{});
  host.asked = why;
}

void Ending::stop_life(HostRecord& host, std::chrono::nanoseconds grace) {
  if (is_going(host)) return;
  if (host.stage != Stage::running) return spawning_.call_off(host);
  tell_to_stop(host, host.is_last_life ? Asked::stop : Asked::restart);
  end_within(host, grace);
}

// The shortest grace counts.
void Ending::end_within(HostRecord& host, std::chrono::nanoseconds grace) {
  using Clock = std::chrono::steady_clock;
  const auto when = Timeout(grace).after(Clock::now());
  host.dump_end = std::min(host.dump_end, when);
  if (when >= host.end_time) return;
  host.end_time = when;
  hasten_after(host, grace);
}

void Ending::hasten_after(HostRecord& host, std::chrono::nanoseconds time) {
  host.alarm.start(time, [this, actor = host.actor.id] {
    if (HostRecord* late = tables_.hosts.find(actor)) hasten(*late);
  });
}

// Who looks at a stuck actor with a debugger shall find it there; and SIGKILL would cut off the core that tells why it crashed.
void Ending::hasten(HostRecord& host) {
  const auto state = platform::state_of(host.child->process());
  const bool may_dump = state.is_dumping && std::chrono::steady_clock::now() < host.dump_end;
  if (state.is_traced || may_dump) return hasten_after(host, kLookAgain);
  if (std::exchange(host.is_overdue, true)) return host.child->kill();
  host.child->terminate();
  hasten_after(host, kTimeToTerminate);
}

void Ending::kill(HostRecord& host, Asked why, const wire::Failure& failure) {
  const bool is_coming_up = host.stage != Stage::running && host.stage != Stage::refused;
  if (is_coming_up) return spawning_.abandon(host, why, failure);
  host.kill_for(why);
}

void Ending::client_gone(const ClientRecord& client) {
  for (const ActorId actor : tables_.hosts.actors()) {
    HostRecord* host = tables_.hosts.find(actor);
    if (host == nullptr || host->spawner != client.id) continue;
    if (!host->is_scoped) {
      host->spawner_modules = client.modules;
      continue;
    }
    kill(*host, Asked::parent_gone, failure_of(wire::Refusal::stopped, "who spawned it has ended"));
  }
}

void Ending::word_fell(LifeWatch::Life life, LifeWatch::Fall fall_kind) {
  HostRecord* host = tables_.hosts.find_launch(life);
  if (host == nullptr) return;
  fall(*host);
  if (host->is_stopping()) return;  // as wanted; its grace is being watched
  if (fall_kind == LifeWatch::Fall::by_kernel) return host->child->kill();
  host->is_leaving = true;
  end_within(*host, kTimeToLeave);
  host->dump_end = std::chrono::steady_clock::now() + kTimeToDump;
}

// A host that leaves as it should closes its socket somewhat before its end; one that does so otherwise must go.
void Ending::socket_closed(HostRecord& host, const Peer::Parting& parting) {
  fall(host);
  std::string& why = parting.is_breach ? host.violation : host.stage == Stage::running ? host.lost_touch : host.start_failure;
  if (why.empty()) why = parting.reason;
  const bool leaves = host.is_stopping() || host.stage == Stage::refused || host.is_leaving;
  if (host.child && (!parting.reason.empty() || !leaves)) host.child->kill();
}

void Ending::fall(HostRecord& host) {
  if (host.stage != Stage::running || std::exchange(host.has_fallen, true)) return;
  life_watch_.remove(launch_number(host));
  for (const ClientId client : interested_in(tables_, host)) {
    tables_.clients.send(client, wire::ActorFalling{host.actor.id, host.actor.incarnation});
  }
}

platform::MemoryKills::Answer Ending::was_memory_kill(const HostRecord& host, const platform::ChildEnd& end) {
  const bool was_ended_by_caller = host.life && host.life.status().was_ended_by_caller.load(std::memory_order_acquire) == 1;
  if (end.status.signal != kKillSignal || host.is_killed || host.is_overdue || was_ended_by_caller)
    return platform::MemoryKills::Answer::unknown;
  bool others_end = false;
  for (const ActorId actor : tables_.hosts.actors()) {
    const HostRecord* other = tables_.hosts.find(actor);
    others_end |= other != &host && other->has_fallen && !other->is_stopping();
  }
  return memory_kills_.was_one({host.actor.pid, end.memory_groups, end.usage.max_resident_bytes, others_end});
}

namespace {

// The kernel writes it where the process was. One that died of a signal without a handler has not said where.
std::string directory_of(const HostRecord& host) {
  std::string directory = host.life && host.life.status().fatal_signal != 0 ? host.life.directory() : std::string();
  if (directory.empty()) directory = host.order.working_directory;
  std::error_code error;
  return directory.empty() ? std::filesystem::current_path(error).string() : directory;
}

// Who reads the report looks for it: that may take long, or for ever, on a file system that the process has named.
void add_core(DeathCause& cause, const HostRecord& host, const platform::ChildEnd& end) {
  if (end.status.core_dumped)
    cause.core = {host.actor.pid, end.status.signal, directory_of(host), host.process_since, std::chrono::system_clock::now()};
}

}  // namespace

DeathCause Ending::judge(const HostRecord& host, const platform::ChildEnd& end) {
  DeathFacts facts = facts_of(host, end);
  facts.was_memory_kill = was_memory_kill(host, end);
  DeathCause cause = judge_death(facts);
  add_core(cause, host, end);
  if (cause.detail.empty()) cause.detail = host.start_failure;
  cause.detail.resize(std::min(cause.detail.size(), kMostDetailBytes));
  return cause;
}

DeathCause Ending::judge_without_process(const HostRecord& host, const std::string& reason) {
  DeathCause cause;
  cause.incarnation = host.actor.incarnation;
  cause.detail = (host.asked == Asked::linked ? host.linked_end : reason).substr(0, kMostDetailBytes);
  cause.kind = host.asked == Asked::nothing       ? DeathKind::start_failure
               : host.asked == Asked::parent_gone ? DeathKind::parent_gone
               : host.asked == Asked::kill        ? DeathKind::killed_by_us
               : host.asked == Asked::linked      ? DeathKind::linked
                                                  : DeathKind::stopped;
  return cause;
}

namespace {

std::int64_t nanoseconds_of_now() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

wire::ActorDown down_of(const HostRecord& host, const ExitStatus& status, const DeathCause& cause) {
  wire::ActorDown down;
  down.actor = host.actor.id;
  down.incarnation = host.actor.incarnation;
  down.name = host.actor.name;
  down.type = host.actor.type;
  down.status = status;
  down.cause = cause;
  return down;
}

}  // namespace

void Ending::life_ended(const HostRecord& host, const ExitStatus& status, const DeathCause& cause) {
  if (!host.has_run) return;  // nobody has heard of it
  wire::ActorDown down = down_of(host, status, cause);
  down.will_restart = true;
  publish(host, down);
}

void Ending::actor_ended(const HostRecord& host, const ExitStatus& status, const DeathCause& cause) {
  if (!host.has_run) return;  // nobody has heard of it
  wire::ActorDown down = down_of(host, status, cause);
  if (host.has_given_up) down.first_cause = host.first_death.cause();
  if (host.has_given_up) down.first_to_die = host.first_death.whose();
  publish(host, down);
  tables_.obituaries.add({host.actor.key, std::move(down), is_wanted_end(host, cause)});
}

// To those whom it concerns, and to all programs; and to those who ask later.
void Ending::publish(const HostRecord& host, const wire::ActorDown& down) {
  tables_.deaths.add({0, down.actor, down.name, down.type, host.actor.pid, nanoseconds_of_now(), down.will_restart, down.cause});
  std::set<ClientId> clients = interested_in(tables_, host);
  for (const auto& [id, client] : tables_.clients.all()) {
    if (client->has_joined && client->is_program()) clients.insert(id);
  }
  for (const ClientId client : clients) tables_.clients.send(client, down);
}

}  // namespace troupe::manager
