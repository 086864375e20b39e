// SPDX-License-Identifier: BSL-1.0
#include "client/session.hpp"
#include "client/actor_wait.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <array>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/exit_text.hpp"
#include "client/refusal.hpp"
#include "client/session_loop.hpp"
#include "client/session_source.hpp"
#include "client/spawn_check.hpp"
#include "platform/control_directory.hpp"
#include "platform/executable.hpp"
#include "platform/fork_mark.hpp"
#include "platform/launch.hpp"
#include "platform/named_socket.hpp"
#include "platform/process_group.hpp"
#include "platform/standard_handles.hpp"
#include "wire/library.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

using Clock = std::chrono::steady_clock;
using platform::Handle;

namespace {

thread_local Session* session_in_scope = nullptr;

std::mutex source_mutex;
Function<platform::ControlSocket()> source;  // guarded by source_mutex

// The exit of the process closes it, in the thread that exits: its last reference may well go in its own loop, which could
// not wait for itself.
struct OwnSession {
  ~OwnSession() {
    if (session != nullptr) session->close();
  }
  std::shared_ptr<Session> session;
} own;  // guarded by source_mutex

}  // namespace

void set_session_source(Function<platform::ControlSocket()> new_source) {
  const std::lock_guard lock(source_mutex);
  source = std::move(new_source);
}

Session& current_session() {
  if (session_in_scope != nullptr) return *session_in_scope;
  const std::lock_guard lock(source_mutex);
  if (own.session == nullptr) {
    if (!source)
      throw std::logic_error("troupe: a proxy can only be loaded where there is a runtime: in an actor, or in a call's result");
    own.session = Session::join(source());
  }
  return *own.session;
}

SessionScope::SessionScope(Session* session) noexcept : outer_(session_in_scope) {
  if (session != nullptr) session_in_scope = session;
}

SessionScope::~SessionScope() { session_in_scope = outer_; }

Session::Session(const RuntimeOptions& options, bool is_actor, std::string name)
    : options_(options), is_actor_(is_actor), name_(std::move(name)), actor_wait_(std::make_unique<ActorWait>()) {
  platform::open_standard_handles();
  platform::watch_forks();
}

// In a forked child the threads of this session do not exist, and its handles are its parent's: nothing can be ended there.
Session::~Session() {
  if (platform::is_forked_child()) {
    (void)loop_.release();
  } else {
    close();
  }
}

std::shared_ptr<Session> Session::start_private(const RuntimeOptions& options) try {
  check(options);
  auto session = std::shared_ptr<Session>(new Session(options, false));
  auto [ours, theirs] = platform::ControlSocket::pair();
  const Handle executable = platform::open_own_executable();
  session->manager_ = platform::launch({.executable = executable.get(),
                                        .path = platform::own_executable_path(),
                                        .role = "manager",
                                        .socket = theirs.handle().get()});
  theirs = {};
  session->join_manager(std::move(ours));
  return session;
} catch (const std::system_error& error) {  // out of handles, memory
  throw StartError(std::string("the manager process could not be started: ") + error.what());
}

namespace {

std::string nobody_text(std::string_view name) {
  return fmt::format("no manager named \"{}\" is running (looked in {}); start one: actor-host serve --name {}", name,
                     platform::control_directory_path(), name);
}

}  // namespace

std::shared_ptr<Session> Session::connect(std::string_view name, const RuntimeOptions& options) try {
  check(options);
  auto session = std::shared_ptr<Session>(new Session(options, false, std::string(name)));
  auto peer = platform::connect_to_named(name, options.start_timeout.after(Clock::now()));
  if (!peer) throw StartError(nobody_text(name));
  session->join_manager(std::move(peer->socket));
  return session;
} catch (const std::system_error& error) {  // out of handles, memory
  throw StartError(fmt::format("the manager \"{}\" could not be joined: {}", name, error.what()));
}

std::shared_ptr<Session> Session::join(platform::ControlSocket socket) {
  auto session = std::shared_ptr<Session>(new Session(RuntimeOptions(), true));
  session->join_manager(std::move(socket));
  return session;
}

void Session::join_manager(platform::ControlSocket socket) {
  socket_ = std::move(socket);
  const Handle executable = platform::open_own_executable();
  const platform::Process self = platform::Process::self();
  const wire::Join join{.hello = wire::own_hello(self.pid()), .on_behalf_of = {}, .key = {}};
  const std::array<int, 2> outgoing{executable.get(), self.handle().get()};
  socket_.send(wire::encode_message<wire::ToManagerFromClient>(join), outgoing);
  auto packet = socket_.receive(options_.start_timeout.after(Clock::now()));
  if (!packet) throw StartError(silence_text());
  auto message = wire::decode_message<wire::ToClient>(packet->bytes);
  if (const auto* refused = std::get_if<wire::Refused>(&message))
    std::rethrow_exception(error_of(refused->failure, "joining the manager"));
  if (const auto* missing = std::get_if<wire::GuardMissing>(&message)) throw StartError(missing->what);
  const auto* welcome = std::get_if<wire::Welcome>(&message);
  if (welcome == nullptr || packet->handles.size() != 1) throw StartError("the manager's first answer is not a welcome");
  if (welcome->hello.protocol != wire::kProtocolVersion)
    throw StartError(fmt::format("the manager speaks version {} of the protocol, this program version {}",
                                 welcome->hello.protocol, wire::kProtocolVersion));
  manager_life_ = platform::LifeView(platform::SharedMemory::adopt(std::move(packet->handles[0]), 0));
  loop_ = std::make_unique<SessionLoop>(*this, socket_, manager_);
  loop_->start();
}

std::string Session::text_of_manager() const {
  return is_shared() ? fmt::format("the manager \"{}\"", name_) : "the manager process";
}

// Why no answer came from the manager that was started.
std::string Session::silence_text() {
  const bool has_left = !socket_.is_open();
  if (has_left && manager_ && manager_.wait_ended(Clock::now() + std::chrono::seconds(2))) {
    if (const auto status = manager_.reap())
      return fmt::format("the manager process {} before it was ready", detail::text_of_end(*status));
  }
  if (manager_) manager_.kill();
  if (has_left) return text_of_manager() + " closed its connection before it was ready";
  return fmt::format("{} did not answer within {:g} s (RuntimeOptions::start_timeout)", text_of_manager(),
                     std::chrono::duration<double>(options_.start_timeout.span()).count());
}

void Session::close() {
  if (platform::is_forked_child() || is_closing_.exchange(true)) return;
  if (loop_ != nullptr) loop_->stop();
  socket_.shut_down();  // its handle stays: other threads may be about to send
  std::unordered_map<ActorId, CallChannel*> channels;
  std::unordered_map<std::uint64_t, Answer> answers;
  std::vector<std::shared_ptr<detail::EventCallback>> event_callbacks;  // they may hold proxies
  {
    const std::lock_guard lock(mutex_);
    channels.swap(channels_);
    answers.swap(answers_);
    event_callbacks.swap(event_callbacks_);
  }
  for (auto& [id, channel] : channels) {
    channel->end(Fall::runtime_stopped);
    channel->drop_reference();
  }
  std::vector<Handle> none;
  for (auto& [request, answer] : answers) answer(nullptr, none);
  note_all_links_down("the runtime has been shut down");
  callbacks_.stop();
  reap_manager();
}

// It ends by itself once its client is gone.
void Session::reap_manager() {
  if (!manager_) return;
  if (!manager_.wait_ended(Clock::now() + std::chrono::seconds(10))) manager_.kill();
  manager_.wait_ended();
  platform::kill_group_of(manager_);  // what hosts and zygotes have started before they led groups of their own
  manager_.reap();
}

std::uint64_t Session::expect(Answer answer) {
  const std::lock_guard lock(mutex_);
  if (is_closing_) throw RuntimeStopped("the runtime has been shut down; construct a new one");
  if (is_manager_gone_) throw ManagerDied("the manager process has died; construct a new Runtime", Execution::not_started);
  answers_.emplace(next_request_, std::move(answer));
  return next_request_++;
}

template <class Message>
void Session::send(const Message& message, std::span<const int> handles) {
  if (is_closing_ || platform::is_forked_child()) return;
  socket_.send(wire::encode_message<wire::ToManagerFromClient>(message), handles);
}

std::exception_ptr Session::no_answer(const std::string& what) const {
  if (is_closing_) return std::make_exception_ptr(RuntimeStopped(what + ": the runtime has been shut down"));
  return std::make_exception_ptr(ManagerDied(what + ": the manager process died before it answered", Execution::maybe));
}

bool Session::forget_answer(std::uint64_t request) {
  const std::lock_guard lock(mutex_);
  return answers_.erase(request) != 0;
}

// One that cannot be sent has no answer to wait for.
template <class Message>
void Session::send_request(const Message& message, std::span<const int> handles) {
  try {
    send(message, handles);
  } catch (...) {
    if (forget_answer(message.request)) throw;
  }
}

std::uint64_t Session::expect_in(Awaited<wire::ToClient>& reply) {
  if (platform::is_forked_child())
    throw std::logic_error("troupe: this process was forked from the one that has the runtime; only that one may use it");
  return expect([this, &reply](wire::ToClient* answer, std::vector<Handle>&) {
    if (answer == nullptr) {
      reply.fail(no_answer("asking the manager"));
    } else {
      reply.give(std::move(*answer));
    }
  });
}

// Sends a request and waits for its answer. One that could not be sent is forgotten before its place goes.
template <class Message>
wire::ToClient Session::ask(Message message) {
  Awaited<wire::ToClient> reply;
  message.request = expect_in(reply);
  send_request(message, {});
  return reply.take();
}

// Spawning and attaching are in a file of their own, and so are references, groups, and what is for
// people.
template wire::ToClient Session::ask(wire::Supervise message);
template wire::ToClient Session::ask(wire::StopGroup message);
template wire::ToClient Session::ask(wire::FindDeath message);
template wire::ToClient Session::ask(wire::ReadOutput message);
template wire::ToClient Session::ask(wire::RestartActor message);
template void Session::send_request(const wire::Attach& message, std::span<const int> handles);
template void Session::send_request(const wire::Spawn& message, std::span<const int> handles);
template void Session::send(const wire::Hold& message, std::span<const int> handles);
template void Session::send(const wire::KillActor& message, std::span<const int> handles);
template void Session::send(const wire::Release& message, std::span<const int> handles);
template void Session::send(const wire::LeaveChannel& message, std::span<const int> handles);
template void Session::send(const wire::Lease& message, std::span<const int> handles);
template void Session::send(const wire::StillWaits& message, std::span<const int> handles);
template void Session::send(const wire::LeaseNews& message, std::span<const int> handles);

std::optional<detail::LinkHandle> Session::find(std::string_view name, const std::type_info& type) {
  return find(wire::Find{.name = std::string(name), .type = type.name()});
}

std::optional<detail::LinkHandle> Session::find_any(std::string_view name) { return find(wire::Find{.name = std::string(name)}); }

std::optional<detail::LinkHandle> Session::find(const wire::Find& sought) {
  auto message = ask(sought);
  if (auto* refused = std::get_if<wire::Refused>(&message)) {
    std::rethrow_exception(error_of(refused->failure, fmt::format("finding the actor \"{}\"", sought.name)));
  }
  const auto& found = answer_in<wire::Found>(message);
  if (!found.exists) return std::nullopt;
  return add_link(found.actor, found.actor.type, Grant::given, nullptr);
}

std::vector<ActorInfo> Session::list() {
  auto message = ask(wire::List{});
  return std::move(answer_in<wire::Listed>(message).actors);
}

ShutdownReport Session::shutdown(Timeout grace) {
  if (is_closing_ || has_manager_fallen()) return {};
  auto message = ask(wire::Shutdown{.grace_ns = grace.span().count()});
  return {std::move(answer_in<wire::AllStopped>(message).killed)};
}

// Who waits for ever hears nothing of it then, as without a manager.
void Session::tell_of_wait(const wire::Waits& wait) noexcept try {
  send(wait);
} catch (const std::exception&) {  // the manager is gone, or there is no memory: the wait goes on
}

void Session::cancel_call(const wire::CancelCall& message) { send(message); }

void Session::stop(Link& link, Timeout grace) { send(wire::StopActor{link.actor().id, link.actor().key, grace.span().count()}); }

void Session::kill(Link& link) { send(wire::KillActor{link.actor().id, link.actor().key}); }

void Session::link(const Link& one, const Link& other) { send(wire::LinkActors{one.reference(), other.reference()}); }

void Session::unlink(const Link& one, const Link& other) { send(wire::UnlinkActors{one.reference(), other.reference()}); }

void Session::watch(Link& link) {
  if (link.is_down()) return;
  if (is_manager_gone_ || is_closing_) {
    link.note_down(parent_gone_down(link, is_closing_ ? "the runtime has been shut down" : "the manager process died"));
  } else {
    send(wire::Watch{link.actor().id, link.actor().key});
    if (is_manager_gone_) link.note_down(parent_gone_down(link, "the manager process died"));  // it went between
  }
}

void Session::add_event_callback(std::unique_ptr<detail::EventCallback> callback) {
  const std::lock_guard lock(mutex_);
  event_callbacks_.push_back(std::move(callback));
}

void Session::watch_event(CallChannel& channel) {
  if (!is_closing_) loop_->watch_event(channel);
}

void Session::expire_later(detail::ResultCell& cell, CallChannel& channel) {
  if (!is_closing_) loop_->expire_later(cell, channel);
}

void Session::forget_expiry(detail::ResultCell& cell) {
  if (!is_closing_) loop_->forget_expiry(cell);
}

}  // namespace troupe::client
