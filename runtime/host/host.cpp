// SPDX-License-Identifier: BSL-1.0
#include "host/host.hpp"

#include <troupe/detail/actor_thread.hpp>
#include <troupe/error.hpp>

#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "base/serving.hpp"
#include "channel/extents.hpp"
#include "host/actor.hpp"
#include "host/checkpoints.hpp"
#include "host/control.hpp"
#include "host/dispatcher.hpp"
#include "host/inbox.hpp"
#include "host/sleeper.hpp"
#include "host/stop_requests.hpp"
#include "platform/coarse_clock.hpp"
#include "platform/complaint.hpp"
#include "platform/fork_mark.hpp"
#include "platform/heap.hpp"
#include "platform/life_page.hpp"
#include "platform/os_error.hpp"
#include "platform/process.hpp"
#include "platform/process_name.hpp"
#include "platform/processor.hpp"
#include "platform/stack_request.hpp"
#include "wire/control.hpp"
#include "wire/library.hpp"
#include "wire/registry.hpp"

namespace troupe::host {

struct Host::State final : Dispatcher::Listener, Checkpoints::Listener, ConstructorWatch {
  // Takes the socket when the others are there.
  explicit State(platform::ControlSocket& control_socket) : socket(std::move(control_socket)) {}

  [[noreturn]] void listen();
  std::optional<Actor> make_actor(Mail& mail);
  int serve(const Actor& actor, Mail mail);
  void destroy(std::optional<Actor> actor);
  int live(Mail mail);
  // Before the end that it brings, which is told as what it is then.
  void note_want_of_memory() { page.status().wanted_memory.store(1, std::memory_order_release); }
  void note_running(std::uint32_t running) {
    page.status().running_since.store(platform::coarse_now().count(), std::memory_order_relaxed);
    page.status().running_method.store(running, std::memory_order_relaxed);
  }

  void constructor_found(const detail::RegistrationNode& node) override { note_running(wire::number_of(node).value + 1); }

  void channel_broken(const ServedChannel& channel, const std::string& reason) override;
  void channel_closed(std::uint64_t number) override { send_to_manager(socket, wire::ChannelClosed{number}); }
  void lease_read(const ServedChannel& channel, std::uint64_t lease) override {
    send_to_manager(socket, wire::LeaseRead{channel.number, lease});
  }

  void checkpoint_taken(const platform::SharedMemory& memory, std::uint64_t bytes) override {
    const int handle = memory.handle().get();
    send_to_manager(socket, wire::Checkpoint{bytes}, {&handle, 1});
  }

  std::uint32_t checkpoint_every = wire::Construct::kNoCheckpoints;
  platform::LifePage page{};
  Inbox inbox{};
  platform::ControlSocket socket;  // taken when the others are there
  StopRequests stops{page.status()};
  detail::ActorThread thread{inbox, page.status()};
  Control control{socket, inbox, page, stops};
};

// Without a manager nobody would ever end this process; and one that has lost a message (there was no memory for it) does not
// know what it is waited for.
[[noreturn]] void Host::State::listen() {
  try {
    control.run();
  } catch (const std::bad_alloc&) {
    note_want_of_memory();
    platform::write_to_stderr("troupe: a host ends, since it has no memory to follow its manager\n");
  } catch (const std::exception& error) {  // it broke the protocol
    platform::complain("a host ends, since it cannot follow its manager: {}", error.what());
  }
  std::_Exit(1);
}

void Host::State::channel_broken(const ServedChannel& channel, const std::string& reason) {
  platform::complain("a client broke the protocol, its channel to this actor is closed: {}", reason);
  control.break_off(channel.number, reason);
}

std::optional<Actor> Host::State::make_actor(Mail& mail) {
  const Construction construction = *std::exchange(mail.construction, std::nullopt);
  const auto* const constructor = construction.constructor;
  platform::set_process_name(
      wire::readable_type(constructor != nullptr ? constructor->actor_type->name() : construction.actor.type.c_str()));
  if (construction.shows_stack) platform::answer_stack_requests(page);
  serving.actor_key = construction.actor.key.low;
  auto made = construct(construction, *this);
  note_running(0);
  end_if_forked();
  if (const auto* failure = std::get_if<wire::Failure>(&made)) {
    send_to_manager(socket, wire::ConstructFailed{*failure});
    return std::nullopt;
  }
  platform::mark_life_page_before_exit_handlers();
  checkpoint_every = construction.checkpoint_every;
  if (construction.opened.channel) {
    send_to_manager(socket, construction.answer, handles_of(construction.opened, page));
    mail.opened.push_back(construction.opened.channel);
  } else {
    const int life_page = page.memory().handle().get();
    send_to_manager(socket, construction.answer, {&life_page, 1});
  }
  return std::get<Actor>(std::move(made));
}

int Host::State::serve(const Actor& actor, Mail mail) {
  Sleeper sleeper(inbox);
  Checkpoints checkpoints(actor, checkpoint_every, *this);
  return Dispatcher({actor, page.status(), &checkpoints, &stops, nullptr, &thread}, inbox, sleeper, *this).run(std::move(mail));
}

void Host::State::destroy(std::optional<Actor> actor) {
  note_running(wire::kDestructorRuns);
  actor.reset();
  thread.end();
  note_running(0);
}

// The actor may have left no memory for what lies between its methods.
int Host::State::live(Mail mail) {
  try {
    auto actor = make_actor(mail);
    if (!actor) return 1;
    const int exit_code = serve(*actor, std::move(mail));
    destroy(std::move(actor));
    return exit_code;
  } catch (const std::bad_alloc&) {
    note_want_of_memory();
    throw;
  }
}

namespace {

// The spawner hears why there is no actor; nobody else could tell.
void refuse_to_start(const platform::ControlSocket& manager, const std::string& reason) {
  wire::Failure failure;
  failure.kind = wire::Refusal::start_failed;
  failure.text = "the actor's process could not come up: " + reason;
  send_to_manager(manager, wire::ConstructFailed{failure});
}

void say_hello(const platform::ControlSocket& manager, std::span<const int> life_page) {
  send_to_manager(manager, wire::own_hello(platform::Process::self().pid()), life_page);
}

}  // namespace

Host::State& Host::made(platform::ControlSocket& control) {
  try {
    return *new State(control);
  } catch (const std::system_error& error) {  // out of handles, memory
    say_hello(control, {});
    refuse_to_start(control, error.what());
    throw;
  }
}

Host::Host(platform::ControlSocket control) : state_(made(control)) {}

bool Host::start_listening() {
  try {
    std::thread([state = &state_] { state->listen(); }).detach();
    return true;
  } catch (const std::system_error& error) {
    refuse_to_start(state_.socket, "no thread could be started: " + platform::os_reason(error.code().value()));
    return false;
  }
}

int Host::run() {
  platform::watch_forks();
  platform::mark_life_page_on_crash(state_.page);
  platform::keep_freed_memory(channel::ExtentWriter::kWarmBytes);
  const int life_page = state_.page.memory().handle().get();
  say_hello(state_.socket, {&life_page, 1});
  if (!start_listening()) return 1;
  platform::ticks_per_microsecond();  // in a process that was not forked from a zygote this takes a moment: now is the best
  Mail mail = state_.inbox.wait();
  if (!mail.construction) return mail.exit_code.value_or(0);
  return state_.live(std::move(mail));
}

platform::ControlSocket Host::join_as_client() {
  auto [own, peers] = platform::ControlSocket::pair();
  const int handle = peers.handle().get();
  send_to_manager(state_.socket, wire::JoinAsClient{}, {&handle, 1});
  return std::move(own);
}

}  // namespace troupe::host
