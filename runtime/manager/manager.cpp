// SPDX-License-Identifier: BSL-1.0
#include "manager/manager.hpp"

#include <troupe/error.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "manager/channels.hpp"
#include "manager/closing.hpp"
#include "manager/door.hpp"
#include "manager/ending.hpp"
#include "manager/groups.hpp"
#include "manager/hangs.hpp"
#include "manager/holding.hpp"
#include "manager/joining.hpp"
#include "manager/links.hpp"
#include "manager/listing.hpp"
#include "manager/relaying.hpp"
#include "manager/remembering.hpp"
#include "manager/restarting.hpp"
#include "manager/spawning.hpp"
#include "manager/tables.hpp"
#include "manager/wait_rings.hpp"
#include "platform/complaint.hpp"
#include "platform/life_page.hpp"
#include "platform/named_socket.hpp"

namespace troupe::manager {

namespace {

constexpr int kMostSessionsPerActor = 4;
constexpr const char* kNoRoomForHandles =
    "the manager process can hold no more open files; raise the hard limit of RLIMIT_NOFILE, as with ulimit -Hn";

using Handles = std::vector<platform::Handle>;

// Constructed and ConstructFailed make the spawner end the lease on the constructor's arguments.
template <class Message>
constexpr bool ends_leases = std::is_same_v<Message, wire::LeaseRead> || std::is_same_v<Message, wire::ChannelClosed> ||
                             std::is_same_v<Message, wire::ChannelRefused> || std::is_same_v<Message, wire::Constructed> ||
                             std::is_same_v<Message, wire::ConstructFailed>;

void complain_of(const char* whose, const std::string& reason) {
  if (!reason.empty()) platform::complain("the manager drops a {}: {}", whose, reason);
}

}  // namespace

// Says which part deals with what, and in which order the parts hear of an end.
class Manager::Impl final : ClientTable::Listener, HostListener {
 public:
  // Takes `client` last, when nothing can fail for want of anything any more.
  Impl(platform::ControlSocket&& client, int client_pid);
  explicit Impl(const NamedService& service);
  int run();

 private:
  void client_sent(ClientId client, platform::Packet& packet) override;
  void client_gone(ClientId client, const std::string& reason) override;
  void host_sent(ActorId actor, platform::Packet& packet) override;
  void host_gone(ActorId actor, const Peer::Parting& parting) override;
  void host_ended(ActorId actor, const platform::ChildEnd& end) override;
  void host_not_started(ActorId actor, const std::string& reason) override;
  void host_waits(HostRecord& host) override { groups_.add(host); }
  void host_forgotten(HostRecord& host) override;
  void end_life(HostRecord& host, const ExitStatus& status, const DeathCause& cause);
  void begin_next_life(HostRecord& host, const std::optional<std::chrono::nanoseconds>& delay);
  void look();
  void tell_of_end(HostRecord& host, const ExitStatus& status, const DeathCause& cause);

  void on_client(ClientId client, wire::Join& message, Handles& handles);
  void on_client(ClientId client, wire::Spawn& message, Handles& handles);
  void on_client(ClientId client, wire::Attach& message, Handles& handles);
  void on_client(ClientId, wire::GuardMissing&, Handles&) {}  // a program that has joined has its guard
  template <class Message>
  void on_client(ClientId client, Message& message, Handles& handles);

  void on_host(HostRecord& host, const wire::Hello& message, Handles& handles) { spawning_.on(host, message, handles); }
  void on_host(HostRecord& host, const wire::Constructed& message, Handles& handles);
  void on_host(HostRecord& host, const wire::ChannelOpened& message, Handles& handles) { channels_.on(host, message, handles); }
  void on_host(HostRecord& host, const wire::ChannelRefused& message, Handles&) { channels_.on(host, message); }
  void on_host(HostRecord& host, const wire::ChannelClosed& message, Handles&) { channels_.on(host, message); }
  void on_host(HostRecord& host, const wire::LeaseRead& message, Handles&) { holding_.on(host, message); }
  void on_host(HostRecord& host, const wire::Status& message, Handles&) { listing_.on(host, message); }
  void on_host(HostRecord& host, const wire::JoinAsClient& message, Handles& handles);
  void on_host(HostRecord& host, const wire::Checkpoint& message, Handles& handles);
  template <class Message>
  void on_host(HostRecord& host, const Message& message, Handles&) {
    spawning_.on(host, message);
  }

  // Their handles found no room in this process.
  void refuse_without_handles(ClientId client, const wire::ToManagerFromClient& message);
  void give_up_without_handles(HostRecord& host, const wire::Hello& message) { spawning_.on(host, message, {}); }
  void give_up_without_handles(HostRecord& host, const wire::Constructed& message);
  void give_up_without_handles(HostRecord& host, const wire::ChannelOpened& message) {
    channels_.give_up(host, message, failure_of(wire::Refusal::no_memory, kNoRoomForHandles));
  }
  template <class Message>
  void give_up_without_handles(HostRecord&, const Message&) {}  // the sender sees the ends of the handles closed

  void show_life();
  void give_up_programs();
  void end_clients_of(ActorId actor);

  Loop loop_;
  platform::LifePage life_page_;
  Children children_{loop_, [this] { closing_.look_whether_done(); }};
  Tables tables_{loop_, ClientTable(loop_, *this), HostTable(loop_)};
  LifeWatch life_watch_{loop_, [this](LifeWatch::Life life, LifeWatch::Fall fall) { ending_.word_fell(life, fall); }};
  Spawning spawning_{tables_, children_, life_watch_, *this};
  Ending ending_{tables_, spawning_, life_watch_};
  Restarting restarting_{tables_, ending_};
  Groups groups_{tables_, spawning_, ending_};
  Hangs hangs_{tables_, ending_};
  Links links_{tables_, ending_};
  WaitRings wait_rings_{tables_};
  Channels channels_{tables_};
  Holding holding_{tables_, ending_, channels_};
  Listing listing_{tables_};
  Remembering remembering_{tables_};
  Joining joining_{tables_, life_page_, [this](ClientId client) { client_gone(client, {}); }};
  Closing closing_{tables_, ending_, spawning_, children_};
  ClientId owner_ = 0;
  std::unique_ptr<Door> door_{};  // a named one's
};

// Clients look at word 0 of the life page to tell a host's death from the manager's.
void Manager::Impl::show_life() {
  life_page_.own_by_this_thread();
  life_page_.raise_word();
  platform::mark_life_page_on_crash(life_page_);
}

Manager::Impl::Impl(platform::ControlSocket&& client, int client_pid) {
  show_life();
  ClientRecord& owner = tables_.clients.add(std::move(client), ActorId());
  owner_ = owner.id;
  owner.is_owner = true;
  try {
    tables_.clients.watch_process(owner, platform::Process::open(client_pid));
  } catch (const std::system_error&) {  // it has ended already
    loop_.post([this] { client_gone(owner_, {}); });
  }
}

// The name first, which another one may have.
Manager::Impl::Impl(const NamedService& service) {
  door_ =
      std::make_unique<Door>(loop_, service.name,
                             Door::Callbacks{.on_client = [this](platform::NamedPeer peer) { joining_.let_in(std::move(peer)); },
                                             .on_signal = [this, grace = service.grace] { closing_.stop_all(grace); },
                                             .on_later_signal = [this] { closing_.end_all(); }});
  show_life();
}

// Its clients hear of a named one's end here: the process may go on for a while.
int Manager::Impl::run() {
  loop_.run();
  if (door_ == nullptr) return 0;
  while (!tables_.clients.all().empty()) tables_.clients.remove(tables_.clients.all().begin()->first);
  door_.reset();
  return 0;
}

void Manager::Impl::client_sent(ClientId id, platform::Packet& packet) {
  auto message = wire::decode_message<wire::ToManagerFromClient>(packet.bytes);
  const ClientRecord* client = tables_.clients.find(id);
  if (client == nullptr) return;
  if (client->has_joined == std::holds_alternative<wire::Join>(message)) throw ProtocolError("Join must come first, and once");
  if (packet.handles_lost) return refuse_without_handles(id, message);
  std::visit([&](auto& each) { on_client(id, each, packet.handles); }, message);
  look();
}

// After anything that may have changed what lives and who holds it.
void Manager::Impl::look() {
  holding_.look();
  groups_.look();
}

// That one request fails, and nothing else.
void Manager::Impl::refuse_without_handles(ClientId client, const wire::ToManagerFromClient& message) {
  std::uint64_t request = 0;
  const auto note_request = [&](const auto& each) {
    if constexpr (requires { each.request; }) request = each.request;
  };
  std::visit(note_request, message);
  const bool is_spawn = std::holds_alternative<wire::Spawn>(message);
  tables_.clients.refuse(client, request,
                         failure_of(is_spawn ? wire::Refusal::start_failed : wire::Refusal::no_memory, kNoRoomForHandles));
}

void Manager::Impl::on_client(ClientId id, wire::Join& message, Handles& handles) {
  if (!joining_.join(id, message, handles)) return;
  const ClientRecord* client = tables_.clients.find(id);
  if (client != nullptr && client->is_program()) spawning_.warm_up(client->program);
}

void Manager::Impl::on_client(ClientId client, wire::Spawn& message, Handles& handles) {
  spawning_.spawn(client, std::move(message), std::move(handles));
}

void Manager::Impl::on_client(ClientId client, wire::Attach& message, Handles& handles) {
  channels_.attach(client, std::move(message), std::move(handles));
}

template <class Message>
void Manager::Impl::on_client(ClientId client, Message& message, Handles&) {
  if constexpr (requires { listing_.on(client, message); }) {
    listing_.on(client, message);
  } else if constexpr (requires { remembering_.on(client, message); }) {
    remembering_.on(client, message);
  } else if constexpr (requires { restarting_.on(client, message); }) {
    restarting_.on(client, message);
  } else if constexpr (requires { channels_.on(client, message); }) {
    channels_.on(client, message);
  } else if constexpr (requires { closing_.on(client, message); }) {
    closing_.on(client, message);
  } else if constexpr (requires { holding_.on(client, message); }) {
    holding_.on(client, message);
  } else if constexpr (requires { groups_.on(client, message); }) {
    groups_.on(client, message);
  } else if constexpr (requires { links_.on(client, message); }) {
    links_.on(client, message);
  } else if constexpr (requires { wait_rings_.on(client, message); }) {
    wait_rings_.on(client, message);
  } else {
    ending_.on(client, message);
  }
}

void Manager::Impl::client_gone(ClientId id, const std::string& reason) {
  const auto client = tables_.clients.remove(id);
  if (client == nullptr) return;
  joining_.client_gone(id);
  complain_of("client", reason);
  channels_.client_gone(id);
  wait_rings_.client_gone(*client);
  if (client->is_owner) return closing_.owner_gone();
  groups_.client_gone(id);
  ending_.client_gone(*client);
  holding_.client_gone(*client);
  look();
  closing_.look_whether_done();
  give_up_programs();
}

// What runs no more, and nobody could want to run.
void Manager::Impl::give_up_programs() {
  if (door_ == nullptr) return;
  spawning_.give_up_programs([this](const std::string& key) {
    const auto is_its = [&](const auto& each) { return each.second->program.executable && each.second->program.key() == key; };
    return std::ranges::any_of(tables_.clients.all(), is_its) || std::ranges::any_of(tables_.hosts.all(), is_its);
  });
}

// What its actor has come to hold, it has said before, on another socket: as a client.
void Manager::Impl::host_sent(ActorId actor, platform::Packet& packet) {
  const auto message = wire::decode_message<wire::ToManagerFromHost>(packet.bytes);
  if (std::visit([](const auto& each) { return ends_leases<std::decay_t<decltype(each)>>; }, message))
    tables_.clients.catch_up({actor, 0});
  HostRecord* host = tables_.hosts.find(actor);
  if (host == nullptr) return;
  if (packet.handles_lost) return std::visit([&](const auto& each) { give_up_without_handles(*host, each); }, message);
  std::visit([&](const auto& each) { on_host(*host, each, packet.handles); }, message);
  look();
}

void Manager::Impl::give_up_without_handles(HostRecord& host, const wire::Constructed&) {
  if (host.stage != Stage::constructing) throw ProtocolError("a host reports a construction that it was not asked for");
  if (!host.has_run) return spawning_.abandon(host, Asked::give_up, failure_of(wire::Refusal::start_failed, kNoRoomForHandles));
  host.start_failure = kNoRoomForHandles;
  host.child->kill();
}

void Manager::Impl::on_host(HostRecord& host, const wire::Constructed& message, Handles& handles) {
  spawning_.on(host, message, std::move(handles));
  if (host.stage != Stage::running) return;
  channels_.host_runs(host);
  groups_.started(host);
  hangs_.started(host);
  if (tables_.clients.find(host.spawner) == nullptr) channels_.client_gone(host.spawner);  // which was to have one of its own
}

void Manager::Impl::on_host(HostRecord& host, const wire::JoinAsClient&, Handles& handles) {
  if (handles.size() != 1) throw ProtocolError("a host joins as a client with the wrong number of handles");
  const auto& clients = tables_.clients.all();
  const auto is_its = [&](const auto& each) { return each.second->actor == host.actor.id; };
  if (std::count_if(clients.begin(), clients.end(), is_its) >= kMostSessionsPerActor)
    throw ProtocolError("a host joins too often");
  tables_.clients.add(platform::ControlSocket(std::move(handles[0])), host.actor.id);
}

// Kept unread: it is the next life that has to make sense of it.
void Manager::Impl::on_host(HostRecord& host, const wire::Checkpoint& message, Handles& handles) {
  if (handles.size() != 1 || message.bytes == 0) throw ProtocolError("a host's checkpoint comes with the wrong handles");
  if (!host.actor.may_restart) return;
  host.checkpoint = std::move(handles[0]);
  host.checkpoint_bytes = message.bytes;
}

void Manager::Impl::host_gone(ActorId actor, const Peer::Parting& parting) {
  complain_of("host", parting.reason);
  if (HostRecord* host = tables_.hosts.find(actor)) ending_.socket_closed(*host, parting);
}

// What it said before its end comes first.
void Manager::Impl::host_ended(ActorId actor, const platform::ChildEnd& end) {
  if (HostRecord* host = tables_.hosts.find(actor)) host->peer->drain();
  end_clients_of(actor);
  HostRecord* host = tables_.hosts.find(actor);
  if (host == nullptr) return;
  host->peer->close();
  if (host->output) {
    host->output->finish();
    relay_last_losses(tables_, *host);
  }
  life_watch_.remove(launch_number(*host));
  end_life(*host, end.status, ending_.judge(*host, end));
}

void Manager::Impl::host_not_started(ActorId actor, const std::string& reason) {
  HostRecord* host = tables_.hosts.find(actor);
  if (host != nullptr) end_life(*host, {}, Ending::judge_without_process(*host, reason));
}

// The name is free when the clients hear of the actor's end.
void Manager::Impl::end_life(HostRecord& host, const ExitStatus& status, const DeathCause& cause) {
  const bool is_in_group = host.group != 0;
  const auto delay = is_in_group ? std::nullopt : restarting_.delay_of_next_life(host, cause);
  if (is_in_group ? groups_.lives_on(host, cause) : delay.has_value()) {
    ending_.life_ended(host, status, cause);
    channels_.life_ended(host);
    listing_.host_ended(host.actor.id);
    holding_.life_ended(host.actor.id);
    begin_next_life(host, delay);
  } else {
    const auto ended = tables_.hosts.remove(host.actor.id);
    tables_.directory.release(ended->actor.name, ended->actor.id);
    tell_of_end(*ended, status, cause);
    spawning_.host_ended(*ended, cause);
  }
  look();
  closing_.look_whether_done();
  give_up_programs();
}

// When it is started, its group says.
void Manager::Impl::begin_next_life(HostRecord& host, const std::optional<std::chrono::nanoseconds>& delay) {
  delay ? spawning_.start_again(host, *delay) : host.begin_next_life();
}

void Manager::Impl::tell_of_end(HostRecord& host, const ExitStatus& status, const DeathCause& cause) {
  ending_.actor_ended(host, status, cause);
  closing_.host_ended(host, cause);
  channels_.host_ended(host, host.has_given_up ? host.first_death.cause().value_or(cause) : cause);
  listing_.host_ended(host.actor.id);
  tables_.printouts.ended(host.actor.id);
  holding_.host_ended(host.actor.id);
  links_.ended(host, cause);
}

void Manager::Impl::host_forgotten(HostRecord& host) {
  if (host.has_run) tell_of_end(host, {}, Ending::judge_without_process(host, {}));
  tables_.printouts.ended(host.actor.id);
  groups_.forgotten(host);
  groups_.look();
  closing_.look_whether_done();
}

// The actor was a client, too: what it spawned ends with it. What it has sent before its end counts.
void Manager::Impl::end_clients_of(ActorId actor) {
  for (const ClientId id : tables_.clients.clients_of({actor, 0})) {
    if (const ClientRecord* client = tables_.clients.find(id)) client->peer->drain();
    client_gone(id, {});
  }
}

// Why there is no manager is told to who waits for one; nobody else could.
std::unique_ptr<Manager::Impl> Manager::made(platform::ControlSocket client, int client_pid) {
  try {
    return std::make_unique<Impl>(std::move(client), client_pid);
  } catch (const std::system_error& error) {  // out of handles, memory
    const std::string text = std::string("the manager process could not come up: ") + error.what();
    if (client.handle())
      client.send(wire::encode_message<wire::ToClient>(wire::Refused{0, failure_of(wire::Refusal::start_failed, text)}));
    throw;
  }
}

Manager::Manager(platform::ControlSocket client, int client_pid) : impl_(made(std::move(client), client_pid)) {}

Manager::Manager(const NamedService& service) : impl_(std::make_unique<Impl>(service)) {}

Manager::~Manager() = default;

int Manager::run() { return impl_->run(); }

}  // namespace troupe::manager
