// SPDX-License-Identifier: BSL-1.0
#include "manager/joining.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "platform/file_identity.hpp"
#include "wire/library.hpp"

namespace troupe::manager {

namespace {

constexpr std::size_t kJoinHandles = 2;  // executable, pidfd
constexpr std::size_t kMostWaiting = 64;
constexpr std::chrono::seconds kTimeToJoin(10);

Program program_of(const wire::Hello& hello, platform::Handle executable) {
  Program program;
  program.file = platform::file_identity(executable);
  program.executable = std::make_shared<const platform::Handle>(std::move(executable));
  if (hello.modules.empty()) return program;
  program.path = hello.modules[0].path;
  program.build_id = hello.modules[0].build_id;
  return program;
}

bool is_same_version(const wire::Hello& hello) {
  return hello.protocol == wire::kProtocolVersion && hello.library == wire::kLibraryVersion;
}

wire::Failure other_version(const wire::Hello& hello) {
  return failure_of(wire::Refusal::incompatible,
                    fmt::format("the manager is {} (protocol {}), and this program is {} (protocol {}); build both with the same",
                                wire::kLibraryVersion, wire::kProtocolVersion, hello.library, hello.protocol));
}

constexpr const char* kIsFull =
    "the manager can hold no more open files; end some of its clients or actors, or start it with a higher limit, as with ulimit "
    "-n";

// Who came in by name is who the kernel says, and nobody else's end is to be taken for its own.
// Errors: ProtocolError; std::system_error, where that cannot be told.
void check_identity(const ClientRecord& client, const wire::Join& message, const platform::Handle& pidfd) {
  if (client.peer_pid == 0) return;  // by the private pair
  if (message.hello.pid != client.peer_pid || platform::pid_of(pidfd) != client.peer_pid)
    throw ProtocolError("a client shows a process that is not its own");
}

// Why one must stay outside; null: it need not.
const char* objection_to(const platform::NamedPeer& peer) {
  if (peer.is_one_too_many) return kIsFull;
  if (peer.pid <= 0) return "the manager cannot see this program's process, which is in another pid namespace";
  return nullptr;
}

}  // namespace

// One whose queue takes nothing sees its connection closed.
void Joining::let_in(platform::NamedPeer peer) {
  if (const char* objection = objection_to(peer)) {
    const auto failure = failure_of(wire::Refusal::start_failed, objection);
    (void)peer.socket.try_send(wire::encode_message<wire::ToClient>(wire::Refused{0, failure}));
    return;
  }
  while (waiting_.size() >= kMostWaiting)
    send_away_unless_joined(waiting_.begin()->first, "too many programs want to join the manager");
  ClientRecord& client = tables_.clients.add(std::move(peer.socket), ActorId());
  client.peer_pid = peer.pid;
  wait_for(client.id);
}

// Nobody is inside whose time is not counted.
void Joining::wait_for(ClientId client) try {
  const auto& alarm = waiting_[client] = std::make_unique<Alarm>(tables_.loop);
  alarm->start(kTimeToJoin,
               [this, client] { send_away_unless_joined(client, "the program did not join the manager within 10 s"); });
} catch (const std::exception&) {
  on_sent_away_(client);
  throw;
}

// It may have said so long ago, and it is this process that was late.
void Joining::send_away_unless_joined(ClientId client, const char* why) {
  const std::shared_ptr<Peer> peer = tables_.clients.find(client)->peer;
  peer->catch_up();
  if (waiting_.contains(client)) send_away(client, failure_of(wire::Refusal::start_failed, why));
}

void Joining::send_away(ClientId client, wire::Failure failure) {
  tables_.clients.refuse(client, 0, std::move(failure));
  on_sent_away_(client);
}

bool Joining::join(ClientId id, wire::Join& message, std::vector<platform::Handle>& handles) {
  ClientRecord& client = *tables_.clients.find(id);
  if (handles.size() != kJoinHandles) throw ProtocolError("a join came with the wrong number of handles");
  if (message.on_behalf_of != ActorId() && message.on_behalf_of != client.actor)
    throw ProtocolError("a client claims to be an actor");
  if (!is_same_version(message.hello)) {
    send_away(id, other_version(message.hello));
    return false;
  }
  try {
    check_identity(client, message, handles[1]);
  } catch (const std::system_error&) {
    send_away(id, failure_of(wire::Refusal::start_failed, kIsFull));
    return false;
  }
  waiting_.erase(id);
  client.has_joined = true;
  client.modules = std::move(message.hello.modules);
  message.hello.modules = client.modules;
  client.program = program_of(message.hello, std::move(handles[0]));
  welcome(client);
  if (client.is_program()) tables_.clients.watch_process(client, platform::Process(std::move(handles[1]), message.hello.pid));
  return true;
}

void Joining::welcome(const ClientRecord& client) {
  const int life_page = life_page_.memory().handle().get();
  tables_.clients.send(client.id, wire::Welcome{wire::own_hello(platform::Process::self().pid())}, {&life_page, 1});
}

}  // namespace troupe::manager
