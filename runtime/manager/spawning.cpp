// SPDX-License-Identifier: BSL-1.0
#include "manager/spawning.hpp"

#include <troupe/error.hpp>
#include <troupe/options.hpp>

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "wire/registry.hpp"

namespace troupe::manager {

namespace {

constexpr std::chrono::seconds kTimeToEnd(1);     // of a process that was killed
constexpr std::chrono::milliseconds kPause(100);  // what a system has too little of, it may have again then

bool is_niceness(int value) { return value == wire::Limits::kNotNice || (value >= -20 && value <= 19); }

bool is_hang(const wire::Hang& hang) {
  return hang.after_ns == 0 ? !hang.kill : std::chrono::nanoseconds(hang.after_ns) >= supervision::HangWatch::kLeast;
}

void check(const wire::Spawn& message, std::size_t handle_count) {
  const std::size_t wanted = wire::ChannelOffer::kHandles + (message.argument_bytes != 0 ? 1 : 0);
  if (handle_count != wanted)
    throw ProtocolError(fmt::format("a spawn came with {} handles instead of {}", handle_count, wanted));
  const bool is_known = message.lifetime <= static_cast<std::uint8_t>(Lifetime::detached) &&
                        message.start <= static_cast<std::uint8_t>(StartMethod::spawn) &&
                        message.stdio <= static_cast<std::uint8_t>(Stdio::capture) &&
                        message.when_full <= static_cast<std::uint8_t>(WhenFull::spill) &&
                        message.restart.on <= static_cast<std::uint8_t>(RestartPolicy::On::any_exit) &&
                        is_niceness(message.limits.nice) && is_hang(message.hang);
  if (!is_known) throw ProtocolError("a spawn has an option that does not exist");
  if (message.group != 0 && message.lifetime != static_cast<std::uint8_t>(Lifetime::scoped))
    throw ProtocolError("a spawn in a group wants an actor that outlives it");
  if (message.join_existing && message.group != 0) throw ProtocolError("a spawn in a group wants an actor that exists");
}

// Longer ones would not fit the messages that speak of the actor.
constexpr std::size_t kMostNameBytes = 4 * 1024;
constexpr std::size_t kMostTypeBytes = 32 * 1024;

bool wants_exec(const wire::Spawn& message) {
  return message.start == static_cast<std::uint8_t>(StartMethod::spawn) || !message.environment.empty();
}

LaunchOrder launch_order(const HostRecord& host) {
  const bool by_exec = wants_exec(host.order);
  LaunchOrder order{launch_number(host), host.program, by_exec, {}, host.order.working_directory};
  if (by_exec) order.environment = host.order.environment;
  return order;
}

RestartPolicy policy_of(const wire::Restart& restart) {
  const auto span = [](std::int64_t nanoseconds) { return Timeout(std::chrono::nanoseconds(nanoseconds)); };
  RestartPolicy policy{.max = restart.max,
                       .within = span(restart.within_ns),
                       .backoff = {.first = span(restart.first_delay_ns), .most = span(restart.most_delay_ns)},
                       .on = static_cast<RestartPolicy::On>(restart.on),
                       .poison_after = restart.poison_after,
                       .checkpoint_every = restart.checkpoint_every};
  supervision::check(policy);
  return policy;
}

std::optional<ExitStatus> status_in(const DeathCause& cause) {
  if (cause.kind == DeathKind::unknown) return std::nullopt;
  return ExitStatus{.exit_code = cause.exit_code, .signal = cause.signal};
}

std::string who(const HostRecord& host) {
  return fmt::format("actor {} ({}, process {})", host.actor.id.value, wire::readable_type(host.actor.type.c_str()),
                     host.actor.pid);
}

}  // namespace

Spawning::Spawning(Tables& tables, Children& children, LifeWatch& life_watch, HostListener& hosts)
    : tables_(tables), children_(children), life_watch_(life_watch), hosts_(hosts), launcher_(tables.loop, children, *this) {}

void Spawning::spawn(ClientId client, wire::Spawn message, std::vector<platform::Handle> handles) {
  check(message, handles.size());
  place({client, std::move(message), std::move(handles)});
}

void Spawning::place(SpawnRequest request) {
  const ClientRecord* client = tables_.clients.find(request.client);
  if (client == nullptr) return;
  if (tables_.is_closing_for(request.client)) {
    return tables_.clients.refuse(
        request.client, request.message.request,
        failure_of(wire::Refusal::stopped, "the runtime is shutting down; start no actors after shutdown()"));
  }
  const std::string& name = request.message.name;
  if (name.size() > kMostNameBytes || request.message.type.size() > kMostTypeBytes) {
    return tables_.clients.refuse(
        request.client, request.message.request,
        failure_of(wire::Refusal::start_failed, "the actor's name (or the name of its class) is too long"));
  }
  HostRecord* existing = name.empty() ? nullptr : tables_.hosts.find(tables_.directory.find(name));
  if (existing != nullptr) return meet_existing(std::move(request), *existing);
  begin(std::move(request), *client);
}

void Spawning::meet_existing(SpawnRequest request, HostRecord& host) {
  const auto refuse_with = [&](wire::Refusal kind, const std::string& advice) {
    tables_.clients.refuse(
        request.client, request.message.request,
        failure_of(kind, fmt::format("the name \"{}\" belongs to {}; {}", request.message.name, who(host), advice)));
  };
  if (!request.message.join_existing) return refuse_with(wire::Refusal::duplicate_name, "use another name, or spawn_or_get");
  if (host.actor.type != request.message.type) return refuse_with(wire::Refusal::incompatible, "it is of another class");
  if (host.is_usable()) return answer_found(request, host);
  host.joining.push_back(std::move(request));  // it is coming up, or going: the outcome decides
}

void Spawning::begin(SpawnRequest request, const ClientRecord& client) {
  HostRecord& host = tables_.hosts.add();
  host.request = std::move(request);
  try {
    describe(host, client);
    if (host.group != 0) return hosts_.host_waits(host);
  } catch (const std::exception& error) {  // no memory, or a policy that no honest client sends
    return launch_failed(launch_number(host), error.what());
  }
  start(host);
}

void Spawning::start(HostRecord& host) {
  const std::uint64_t number = launch_number(host);
  try {
    launch(host);
  } catch (const std::exception& error) {  // no memory
    launcher_.cancel(number);
    launch_failed(number, error.what());
  }
}

void Spawning::start_again(HostRecord& host, std::chrono::nanoseconds delay) {
  host.begin_next_life();
  host.alarm.start(delay, [this, actor = host.actor.id] {
    if (HostRecord* waiting = tables_.hosts.find(actor)) start(*waiting);
  });
}

void Spawning::call_off(HostRecord& host) {
  host.asked = Asked::restart;
  if (host.child) return host.kill_for(Asked::restart);
  launcher_.cancel(launch_number(host));
  hosts_.host_not_started(host.actor.id, {});
}

void Spawning::describe(HostRecord& host, const ClientRecord& client) {
  SpawnRequest& request = *host.request;
  host.order = request.message;
  if (host.order.argument_bytes != 0) {
    host.arguments = std::move(request.handles.back());
    request.handles.pop_back();
  }
  host.program = client.program;
  host.spawner = client.id;
  host.parent = client.actor;
  const RestartPolicy policy = policy_of(host.order.restart);
  host.group = host.order.group;
  if (host.group == 0) host.history = supervision::RestartHistory(policy, host.actor.key.high);
  host.is_scoped = host.order.lifetime == static_cast<std::uint8_t>(Lifetime::scoped);
  host.actor.name = host.order.name;
  host.actor.type = host.order.type;
  host.actor.mailbox_calls = host.order.mailbox_calls;
  host.actor.mailbox_bytes = host.order.mailbox_bytes;
  host.actor.mailbox_payload = host.order.mailbox_payload;
  host.actor.when_full = host.order.when_full;
  host.actor.deadline_ns = host.order.deadline_ns;
  host.actor.may_restart = host.group != 0 || host.history.may_restart();
  host.actor.poison_after = host.order.restart.poison_after;
  tables_.directory.reserve(host.actor.name, host.actor.id);
}

void Spawning::launch(HostRecord& host) {
  limit_start_time(host);
  launcher_.launch(launch_order(host));  // may fail at once
}

void Spawning::limit_start_time(HostRecord& host) {
  const std::int64_t limit = host.order.start_timeout_ns;
  if (limit == std::numeric_limits<std::int64_t>::max()) return;
  host.alarm.start(std::chrono::nanoseconds(limit), [this, number = launch_number(host)] { start_took_too_long(number); });
}

void Spawning::start_took_too_long(std::uint64_t number) {
  HostRecord* host = tables_.hosts.find_launch(number);
  if (host == nullptr || host->stage == Stage::running) return;
  const auto limit = std::chrono::duration<double>(std::chrono::nanoseconds(host->order.start_timeout_ns));
  const bool is_silent = host->stage == Stage::starting || host->stage == Stage::greeting;
  const std::string reason =
      fmt::format("its process did not come up within {:g} s (RuntimeOptions::start_timeout); {}", limit.count(),
                  is_silent ? guard_advice(host->program) : "its constructor was still running");
  launcher_.cancel(number, true);
  if (!host->has_run) return give_up_first_life(*host, reason);
  if (!host->child) return hosts_.host_not_started(host->actor.id, reason);
  host->start_failure = reason;
  host->child->kill();
}

// The end of its process tells more than that it took too long. But that may take long, too, where the system keeps it.
void Spawning::give_up_first_life(HostRecord& host, const std::string& reason) {
  const auto failure = failure_of(wire::Refusal::start_failed, reason);
  if (!host.child) return abandon(host, Asked::give_up, failure);
  host.start_failure = reason;
  host.kill_for(Asked::give_up);
  host.alarm.start(kTimeToEnd, [this, number = launch_number(host), failure] {
    if (HostRecord* late = tables_.hosts.find_launch(number)) abandon(*late, Asked::give_up, failure);
  });
}

void Spawning::answer_found(const SpawnRequest& request, HostRecord& host) {
  const ClientRecord* client = tables_.clients.find(request.client);
  if (client == nullptr) return;
  tables_.references.hold(host.actor.id, client->id, client->party());
  wire::Opened opened;
  opened.request = request.message.request;
  opened.actor = host.actor;
  opened.found = true;
  tables_.clients.send(request.client, opened);
}

void Spawning::refuse(HostRecord& host, const wire::Failure& failure) {
  if (!host.request) return;
  tables_.clients.refuse(host.request->client, host.request->message.request, failure);
  host.request.reset();
}

// Each of them meets the next holder of the name, or becomes it; in turns of their own, since a start can fail at once.
void Spawning::place_again(HostRecord& host) {
  for (SpawnRequest& each : std::exchange(host.joining, {})) {
    tables_.loop.post([this, request = std::move(each)]() mutable { place(std::move(request)); });
  }
}

void Spawning::launch_failed(std::uint64_t number, const std::string& reason) {
  HostRecord* host = tables_.hosts.find_launch(number);
  if (host == nullptr) return;
  if (host->has_run) return report_later(*host, reason);
  refuse(*host, failure_of(wire::Refusal::start_failed, reason));
  forget(*host);
}

// Whoever decides about the next start is told in a turn of its own, and not at once: what can fail again goes on for ever.
void Spawning::report_later(HostRecord& host, const std::string& reason) {
  host.alarm.start(kPause, [this, number = launch_number(host), reason] {
    if (const HostRecord* failed = tables_.hosts.find_launch(number)) hosts_.host_not_started(failed->actor.id, reason);
  });
}

// One that has no process.
void Spawning::forget(HostRecord& host) {
  const auto removed = tables_.hosts.remove(host.actor.id);
  tables_.directory.release(removed->actor.name, removed->actor.id);
  place_again(*removed);
  hosts_.host_forgotten(*removed);
}

void Spawning::abandon(HostRecord& host, Asked why, const wire::Failure& failure) {
  refuse(host, failure);
  host.asked = why;
  if (!host.child) {
    launcher_.cancel(launch_number(host));
    return forget(host);
  }
  tables_.directory.release(host.actor.name, host.actor.id);
  place_again(host);
  host.kill_for(why);
}

void Spawning::host_ended(HostRecord& host, const DeathCause& cause) {
  refuse(host, failure_for(host, cause));
  place_again(host);
}

wire::Failure Spawning::failure_for(const HostRecord& host, const DeathCause& cause) const {
  wire::Failure failure;
  failure.cause = cause;
  const bool was_silent = host.stage == Stage::greeting && cause.kind != DeathKind::protocol_violation;
  failure.kind = was_silent || !host.start_failure.empty() ? wire::Refusal::start_failed : wire::Refusal::actor_died;
  failure.text = "its process ended before the actor was constructed";
  if (was_silent) failure.text = early_end(status_in(cause), host.program);
  if (!host.start_failure.empty()) failure.text = host.start_failure;
  return failure;
}

}  // namespace troupe::manager
