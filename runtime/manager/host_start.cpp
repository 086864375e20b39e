// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>
#include <troupe/options.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "manager/relaying.hpp"
#include "manager/spawning.hpp"
#include "platform/limits.hpp"
#include "platform/memory.hpp"

// Spawning's second half: from the process to the constructed actor.
namespace troupe::manager {

namespace {

constexpr std::chrono::seconds kTimeToLeave(5);  // for a host whose constructor failed

platform::LifeView life_in(platform::Handle page) {
  return platform::LifeView(platform::SharedMemory::adopt(std::move(page), platform::kLifePageBytes));
}

}  // namespace

// What fails for want of memory or handles ends this one start.
void Spawning::launched(std::uint64_t number, NewHost new_host) {
  HostRecord* host = tables_.hosts.find_launch(number);
  if (host == nullptr) return children_.end(std::move(new_host.process));
  try {
    bring_up(*host, new_host);
  } catch (const std::exception& error) {
    give_up(*host, new_host, error.what());
  }
}

// With a child its end settles all; without one nobody watches the process, which ends when its socket closes.
void Spawning::give_up(HostRecord& host, const NewHost& new_host, const std::string& reason) {
  refuse(host, failure_of(wire::Refusal::start_failed, reason));
  if (host.has_run) host.start_failure = reason;
  if (host.child) return host.child->kill();
  if (new_host.process) new_host.process.kill();
  children_.expect_strays();
  if (host.peer) host.peer->close();
  if (host.has_run) return hosts_.host_not_started(host.actor.id, reason);
  forget(host);
}

// The order to construct goes out before anything that only the host's end needs.
void Spawning::bring_up(HostRecord& host, NewHost& new_host) {
  const ActorId actor = host.actor.id;
  host.actor.pid = new_host.process.pid();
  host.process_since = std::chrono::system_clock::now();
  host.peer =
      std::make_shared<Peer>(tables_.loop, std::move(new_host.socket),
                             Peer::Callbacks{[this, actor](platform::Packet& packet) { hosts_.host_sent(actor, packet); },
                                             [this, actor](const Peer::Parting& parting) { hosts_.host_gone(actor, parting); }});
  host.stage = new_host.by_exec ? Stage::greeting : Stage::constructing;
  if (!new_host.by_exec) tell_to_construct(host);
  host.child = std::make_unique<Child>(tables_.loop, children_, std::move(new_host.process),
                                       [this, actor](const platform::ChildEnd& end) { hosts_.host_ended(actor, end); });
  host.inherited_cpu_seconds = host.order.limits.cpu_seconds == 0 ? platform::hard_limit_of_cpu_time() : 0;
  if (host.order.limits.cpu_seconds + host.inherited_cpu_seconds != 0) host.child->ask_own_time();
  host.peer->start();
  if (!host.start_failure.empty()) host.child->kill();
}

// False: that cannot be.
bool Spawning::capture_output(HostRecord& host) try {
  host.output = std::make_unique<CapturedOutput>(
      tables_.loop, [this, actor = host.actor.id](OutputStream stream, std::vector<std::string> lines) {
        if (HostRecord* printing = tables_.hosts.find(actor)) relay(tables_, *printing, stream, std::move(lines));
      });
  return true;
} catch (const std::system_error& error) {
  host.start_failure = error.what();
  return false;
}

// The first life brings the spawner's channel along. For the others nobody waits like that: they are attached to.
void Spawning::tell_to_construct(HostRecord& host) {
  if (host.captures_output() && !capture_output(host)) return;
  wire::Construct construct;
  construct.actor = host.actor;
  construct.constructor = host.order.constructor;
  construct.module = host.order.module;
  construct.argument_bytes = host.order.argument_bytes;
  construct.concurrency = host.order.concurrency;
  construct.security = host.order.security;
  construct.limits = host.order.limits;
  construct.working_directory = host.stage == Stage::constructing ? host.order.working_directory : std::string();
  construct.checkpoint_every = host.actor.may_restart ? host.order.restart.checkpoint_every : wire::Construct::kNoCheckpoints;
  construct.checkpoint_bytes = host.checkpoint_bytes;
  construct.shows_stack = host.order.hang.after_ns != 0;
  construct.captures_output = host.captures_output();
  const ClientRecord* spawner = tables_.clients.find(host.spawner);
  construct.client_modules = spawner != nullptr ? spawner->modules : host.spawner_modules;
  std::vector<int> handles;
  if (host.request) {
    construct.channel = tables_.hosts.next_channel();
    construct.offer = host.request->message.offer;
    for (const auto& each : host.request->handles) handles.push_back(each.get());
  }
  if (construct.argument_bytes != 0) handles.push_back(host.arguments.get());
  if (construct.checkpoint_bytes != 0) handles.push_back(host.checkpoint.get());
  if (host.captures_output()) std::ranges::copy(host.output->handles(), std::back_inserter(handles));
  try {
    host.peer->send<wire::ToHost>(construct, handles);
  } catch (const std::invalid_argument& error) {
    host.start_failure = fmt::format("what it needs to be told does not fit a message: {}", error.what());
  }
  if (host.captures_output()) host.output->release_handles();
  if (!host.actor.may_restart) host.arguments.reset();
  if (host.request) {
    if (host.group == 0) host.request->handles.clear();  // else this start may be called off, and made again
    host.channels[construct.channel] = {
        .client = host.spawner, .party = spawner != nullptr ? spawner->party() : Party(), .attach_request = std::nullopt};
  }
  host.stage = Stage::constructing;
}

// The life page tells why a host died that never became an actor. For the rest, a zygote's copy says nothing new; an executed
// program could be another one.
void Spawning::on(HostRecord& host, const wire::Hello& hello, std::span<platform::Handle> handles) {
  if (std::exchange(host.has_said_hello, true)) throw ProtocolError("a host says hello twice");
  if (hello.protocol != wire::kProtocolVersion) throw ProtocolError("a host speaks another version of the protocol");
  host.modules = hello.modules;
  if (!handles.empty()) host.life = life_in(std::move(handles[0]));
  const bool is_given_up = host.asked != Asked::nothing || (!host.has_run && !host.request);  // and is being killed
  if (host.stage != Stage::greeting || is_given_up) return;
  const std::string build_id = hello.modules.empty() ? std::string() : hello.modules[0].build_id;
  if (build_id != host.program.build_id) {
    host.start_failure = fmt::format("{}: the process that came up is another build (build id {}) than its client (build id {})",
                                     host.program.path, build_id, host.program.build_id);
    return host.child->kill();
  }
  tell_to_construct(host);
  if (!host.start_failure.empty()) host.child->kill();
}

void Spawning::on(HostRecord& host, const wire::Constructed& constructed, std::vector<platform::Handle> handles) {
  if (host.stage != Stage::constructing) throw ProtocolError("a host reports a construction that it was not asked for");
  if (host.has_run) return live_again(host, constructed, std::move(handles));
  const auto outgoing = host.handles_for_client(handles);
  if (!host.request || host.asked != Asked::nothing) return;  // it was given up meanwhile, and killed
  host.stage = Stage::running;
  host.has_run = true;
  host.alarm.cancel();
  if (host.actor.may_restart && host.order.lease != 0) keep_arguments(host);
  const SpawnRequest& request = *host.request;  // kept until it is answered: the host's end answers what is left
  if (const ClientRecord* client = tables_.clients.find(request.client))
    tables_.references.hold(host.actor.id, client->id, client->party());
  tables_.clients.send(request.client, wire::Opened{request.message.request, host.actor, constructed.channel, false}, outgoing);
  host.request.reset();
  for (const SpawnRequest& each : std::exchange(host.joining, {})) answer_found(each, host);
  announce(host);
  look_after(host, constructed, std::move(handles[wire::ChannelAnswer::kLifePage]));
}

// The proxies among its constructor's arguments hold their actors for its next lives, too.
void Spawning::keep_arguments(const HostRecord& host) {
  if (const ClientRecord* spawner = tables_.clients.find(host.spawner))
    tables_.references.keep_arguments({spawner->party(), host.order.lease}, host.actor.id);
}

// Who held it may have let go of it meanwhile.
void Spawning::live_again(HostRecord& host, const wire::Constructed& constructed, std::vector<platform::Handle> handles) {
  if (handles.size() != 1) throw ProtocolError("a host's life page comes with the wrong number of handles");
  if (host.asked != Asked::nothing) return;  // it was killed meanwhile
  host.stage = Stage::running;
  host.alarm.cancel();
  tables_.references.doubt(host.actor.id);
  announce(host);
  look_after(host, constructed, std::move(handles[0]));
}

void Spawning::announce(const HostRecord& host) {
  wire::ActorUp up{host.actor};
  up.actor.key = {};
  tables_.clients.send_to_programs(up);
}

void Spawning::look_after(HostRecord& host, const wire::Constructed& constructed, platform::Handle life_page) {
  if (!host.life) host.life = life_in(std::move(life_page));
  if (constructed.manager_life_word < platform::kLifeWordCount) {
    life_watch_.add(launch_number(host), host.life, constructed.manager_life_word);
  } else if (constructed.manager_life_word != wire::kNoLifeWord) {
    throw ProtocolError("a host names a life word that does not exist");
  }
}

void Spawning::on(HostRecord& host, const wire::ConstructFailed& failed) {
  if (host.stage != Stage::constructing) throw ProtocolError("a host reports a construction that it was not asked for");
  host.stage = Stage::refused;
  if (host.has_run) {
    host.start_failure = failed.failure.text;
  } else {
    tables_.directory.release(host.actor.name, host.actor.id);
    refuse(host, failed.failure);
    place_again(host);
  }
  host.end_time = std::chrono::steady_clock::now() + kTimeToLeave;  // a longer grace gives it no more
  host.alarm.start(kTimeToLeave, [this, actor = host.actor.id] {
    if (HostRecord* late = tables_.hosts.find(actor)) late->child->kill();
  });
}

void Spawning::on(HostRecord& host, const wire::GuardMissing& missing) {
  if (host.stage == Stage::running) throw ProtocolError("a host that runs says that it has no guard");
  host.start_failure = host.program.path + ": " + missing.what;
}

}  // namespace troupe::manager
