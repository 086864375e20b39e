// SPDX-License-Identifier: BSL-1.0
// A manager's loop, and rogue clients, hosts and zygotes that say anything and may end at any moment. The program that it
// belongs to is always served; and when the rogues have gone, nothing is left of what they wanted: no actor, no process,
// no handle.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <troupe/error.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <fmt/ranges.h>

#include "manager/manager.hpp"
#include "tests/fuzz/packets.hpp"
#include "tests/host/stage.hpp"
#include "wire/library.hpp"

namespace troupe::fuzz {
namespace {

using platform::ControlSocket;
using platform::Handle;
using wire::ToManagerFromClient;
using wire::ToManagerFromHost;
using wire::ToManagerFromZygote;

constexpr const char* kBuildId = "a stand-in";
constexpr const char* kType = "3One";

wire::Hello hello(int pid = 1) { return {wire::kProtocolVersion, wire::kLibraryVersion, pid, {{"stand-in", kBuildId, 0, 0}}}; }

wire::Spawn spawn_message(std::uint64_t request, bool by_exec) {
  wire::Spawn message;
  message.request = request;
  message.type = kType;
  message.start = by_exec ? 1 : 0;
  message.start_timeout_ns = INT64_MAX;
  message.offer = offer();
  return message;
}

// Where the stand-ins come to.
class Door {
 public:
  Door() : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    const std::string name = fmt::format("troupe-fuzz-{}", ::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    const bool is_open =
        ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0 && ::listen(socket_.get(), 64) == 0;
    expect(is_open, "the door opens");
    ::setenv("TROUPE_FUZZ_SOCKET", name.c_str(), 1);
  }

  struct Visitor {
    char role = '?';
    platform::Process process;
    ControlSocket socket;
  };
  // Blocks: until somebody comes; nullopt: nobody does, in a moment.
  std::optional<Visitor> admit() {
    pollfd wanted{socket_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, 10) != 1) return std::nullopt;
    ControlSocket connection{Handle(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC))};
    ucred peer{};
    socklen_t size = sizeof peer;
    ::getsockopt(connection.handle().get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
    auto packet = connection.receive();
    if (!packet || packet->handles.size() != 1) return std::nullopt;  // killed before it could speak
    try {
      return Visitor{static_cast<char>(packet->bytes[0]), platform::Process::open(peer.pid),
                     ControlSocket(std::move(packet->handles[0]))};
    } catch (const std::system_error&) {
      return std::nullopt;
    }
  }

 private:
  Handle socket_;
};

struct Host {
  platform::Process process;
  Rogue<ToManagerFromHost> rogue;
};
struct Zygote {
  platform::Process process;
  Rogue<ToManagerFromZygote> rogue;
};

// What this process holds, for people and to be counted; without pipes, through which a sanitizer talks to its symbolizer.
std::vector<std::string> handles_held() {
  std::vector<std::string> held;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const std::string name = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (!name.starts_with("pipe:")) held.push_back(name);
  }
  return held;
}

// One manager for all inputs, in a thread; the honest program that it belongs to; and the stand-ins that it has started.
class Stage {
 public:
  Stage() : Stage(ControlSocket::pair()) {}

  // The manager has dealt with all that was sent to it before, by whomever.
  void await_manager() {
    for (int turn = 0; turn < 2; ++turn) {  // what it deals with may lead to more
      const std::uint64_t request = ++requests_;
      tell(wire::Find{request, "nobody", kType});
      while (!is_answer(next_for_owner(), request)) continue;
    }
    admit_all();
  }

  // One that says what it should until it runs. False: it is killed before.
  bool raise_host() {
    const std::size_t before = hosts.size();
    tell(spawn_message(++requests_, true), things.for_request());
    await_manager();
    if (hosts.size() == before) return false;
    auto& socket = hosts.back().rogue.socket();
    send(socket, wire::encode_message<ToManagerFromHost>(hello()), {});
    if (!socket.receive()) return false;  // the order to construct
    send(socket, wire::encode_message<ToManagerFromHost>(wire::Constructed{{0}, 1}), things.for_answer());
    await_manager();
    return true;
  }

  void add_client(Host& host) {
    auto [ours, theirs] = ControlSocket::pair();
    Handles handles = Things::handles(std::move(theirs).take_handle());
    if (send(host.rogue.socket(), wire::encode_message<ToManagerFromHost>(wire::JoinAsClient{}), handles))
      clients.emplace_back(std::move(ours), things);
  }

  // What the rogues wanted goes with them. A zygote that is killed may be started again, for orders that are gone by then.
  void end_rogues() {
    constexpr int kPatience = 2000;
    clients.clear();
    for (int turn = 0; turn < kPatience && !(is_alone() && handles_held().size() <= handles_); ++turn) std::this_thread::yield();
    const auto held = handles_held();
    expect(is_alone(), "no process lives on");
    expect(held.size() <= handles_, "{} handles in the beginning, and now {}: {}", handles_, held.size(), fmt::join(held, ", "));
    expect(count_actors() == 0, "no actor lives on");
  }

  const Things things{};
  std::vector<Rogue<ToManagerFromClient>> clients;
  std::vector<Host> hosts;
  std::vector<Zygote> zygotes;
  // Secrets of the honest program, so that the rogues' messages concern somebody.
  std::vector<wire::ActorDescription> actors;

 private:
  explicit Stage(std::pair<ControlSocket, ControlSocket> sockets)
      : owner_(std::move(sockets.first)), thread_([this, socket = std::move(sockets.second)]() mutable {
          thread_id_.store(::gettid());
          manager::Manager(std::move(socket), ::getpid()).run();
          expect(false, "a manager serves as long as its program lives");
        }) {
    thread_.detach();
    Handles handles = Things::handles(Handle(::open(TROUPE_FUZZ_STAND_IN, O_RDONLY | O_CLOEXEC)), things.process());
    tell(wire::Join{hello(::getpid()), {}, {}}, std::move(handles));
    handles.clear();
    handles_ = handles_alone();
  }

  template <class Message>
  void tell(const Message& message, Handles handles = {}) {
    expect(send(owner_, wire::encode_message<ToManagerFromClient>(message), handles), "the manager reads");
  }
  wire::ToClient next_for_owner() {
    const auto packet = owner_.receive(std::chrono::steady_clock::now() + std::chrono::seconds(5));
    expect(packet.has_value(), "the program is answered");
    const auto message = wire::decode_message<wire::ToClient>(packet->bytes);
    if (const auto* opened = std::get_if<wire::Opened>(&message)) actors.push_back(opened->actor);
    return message;
  }
  static bool is_answer(const wire::ToClient& message, std::uint64_t request) {
    const auto* found = std::get_if<wire::Found>(&message);
    return found != nullptr && found->request == request;
  }
  std::size_t count_actors() {
    tell(wire::List{++requests_});
    for (;;) {
      const auto message = next_for_owner();
      if (const auto* listed = std::get_if<wire::Listed>(&message)) return listed->actors.size();
    }
  }

  // Of the manager's thread: a sanitizer has children, too.
  std::size_t children_count() const {
    std::ifstream children(fmt::format("/proc/self/task/{}/children", thread_id_.load()));
    return static_cast<std::size_t>(std::distance(std::istream_iterator<int>(children), {}));
  }

  // Those that the manager has started have come, or will.
  void admit_all() {
    while (children_count() > hosts.size() + zygotes.size()) {
      auto visitor = door_.admit();
      std::erase_if(hosts, [](const Host& each) { return has_ended(each.process); });
      std::erase_if(zygotes, [](const Zygote& each) { return has_ended(each.process); });
      if (!visitor) continue;
      if (visitor->role == 'h') hosts.push_back({std::move(visitor->process), {std::move(visitor->socket), things}});
      if (visitor->role == 'z') zygotes.push_back({std::move(visitor->process), {std::move(visitor->socket), things}});
    }
  }
  static bool has_ended(const platform::Process& process) { return process.wait_ended(std::chrono::steady_clock::now()); }

  // Kills the stand-ins that there are. Whether there were none.
  bool is_alone() {
    await_manager();
    for (const auto& each : hosts) each.process.kill();
    for (const auto& each : zygotes) each.process.kill();
    hosts.clear();
    zygotes.clear();
    return children_count() == 0;
  }
  std::size_t handles_alone() {
    constexpr int kSomeTurns = 20;
    for (int turns = 0; turns < kSomeTurns; turns = is_alone() ? turns + 1 : 0) continue;
    return handles_held().size();
  }

  Door door_;
  ControlSocket owner_;
  std::atomic<int> thread_id_{0};
  std::thread thread_;
  std::uint64_t requests_ = 0;
  std::size_t handles_ = 0;
};

// ---- what the rogues do

template <class Those>
auto* one_of(Input& input, Those& those) {
  return those.empty() ? nullptr : &those[input.below(static_cast<unsigned>(those.size()))];
}

wire::ActorDescription some_actor(Input& input, const Stage& stage) {
  if (!stage.actors.empty() && input.below(4) != 3) return stage.actors[stage.actors.size() - 1 - input.below(1)];
  wire::ActorDescription actor;
  actor.id = ActorId{input.number()};
  return actor;
}

// Groups and actors are numbered together, so a number near the last actor's may be a group's: the honest program's, or a
// rogue's.
std::uint64_t some_group(Input& input, const Stage& stage) {
  return stage.actors.empty() || input.below(4) == 3 ? input.number() : stage.actors.back().id.value + input.below(4);
}

void speak_of_calls(Input& input, Rogue<ToManagerFromClient>& client, ActorId actor) {
  switch (input.below(3)) {
    case 0:
      return client.say(
          input, wire::CancelCall{actor, static_cast<std::uint16_t>(input.number()), static_cast<std::uint32_t>(input.below(4)),
                                  static_cast<std::int64_t>(input.number())});
    case 1:
      return client.say(input, wire::Waits{actor, input.number()});
    default:
      return client.say(input, wire::StillWaits{actor, input.below(4), input.below(2) == 1});
  }
}

void ask_of_the_past(Input& input, Rogue<ToManagerFromClient>& client, const wire::ActorDescription& actor) {
  const std::uint64_t request = input.byte();
  const std::string name = input.below(2) == 0 ? "" : "it";
  switch (input.below(3)) {
    case 0:
      return client.say(input, wire::FindDeath{request, name, input.number()});
    case 1:
      return client.say(
          input, wire::ReadOutput{request, name, input.below(2) == 0 ? ActorId() : actor.id, input.number(), input.number()});
    default:
      return client.say(input, wire::RestartActor{request, actor.id, actor.key, static_cast<std::int64_t>(input.number())});
  }
}

void act_as_client(Input& input, Stage& stage, Rogue<ToManagerFromClient>& client) {
  const auto actor = some_actor(input, stage);
  const std::uint64_t request = input.byte();
  const std::string name = input.below(2) == 0 ? "" : "it";
  switch (input.below(18)) {
    case 0:
      return client.say(input, wire::Join{hello(::getpid()), {}, {}},
                        Things::handles(Handle(::open(TROUPE_FUZZ_STAND_IN, O_RDONLY | O_CLOEXEC)), stage.things.process()));
    case 1: {
      auto message = spawn_message(request, input.below(2) == 0);
      message.name = name;
      message.join_existing = input.below(2) == 1;
      if (input.below(8) == 7) message.start_timeout_ns = 1;
      if (input.below(4) == 3) message.group = some_group(input, stage);
      if (input.below(8) == 7) message.restart.max = input.byte();
      if (input.below(8) == 7) message.limits.nice = static_cast<std::int8_t>(input.byte());
      if (input.below(8) == 7) message.hang = {static_cast<std::int64_t>(input.number()), input.below(2) == 1};
      return client.say(input, message, stage.things.for_request());
    }
    case 2:
      return client.say(input, wire::Find{request, name, kType});
    case 3:
      return client.say(input, wire::Attach{request, actor.id, actor.key, kType, offer()}, stage.things.for_request());
    case 4:
      return client.say(input, wire::Watch{actor.id, actor.key});
    case 5:
      return client.say(input, wire::StopActor{actor.id, actor.key, static_cast<std::int64_t>(input.number())});
    case 6:
      return client.say(input, wire::KillActor{actor.id, actor.key});
    case 7:
      return client.say(input, wire::Release{actor.id});
    case 8:
      return client.say(input, wire::Shutdown{request, 0});
    case 9:
      return client.say(input, wire::GuardMissing{"so they say"});
    case 10:
      return client.socket().shut_down();
    case 11:
      return client.say(input, wire::Supervise{.request = request,
                                               .parent = some_group(input, stage),
                                               .strategy = input.byte(),
                                               .max = static_cast<std::uint32_t>(input.below(5)),
                                               .within_ns = static_cast<std::int64_t>(input.number())});
    case 12:
      return client.say(input, wire::StopGroup{request, some_group(input, stage), static_cast<std::int64_t>(input.number())});
    case 13: {
      const auto other = some_actor(input, stage);
      return client.say(input, wire::LinkActors{{actor.id, actor.key}, {other.id, other.key}});
    }
    case 14: {
      const auto other = some_actor(input, stage);
      return client.say(input, wire::UnlinkActors{{actor.id, actor.key}, {other.id, other.key}});
    }
    case 15:
      return speak_of_calls(input, client, actor.id);
    case 16:
      return ask_of_the_past(input, client, actor);
    default:
      return client.babble(input);
  }
}

void act_as_host(Input& input, Stage& stage, Host& host) {
  wire::Failure failure;
  failure.kind = static_cast<wire::Refusal>(input.below(10));
  auto& rogue = host.rogue;
  rogue.read_all();
  switch (input.below(11)) {
    case 0:
      return rogue.say(input, hello());
    case 1:
      return rogue.say(input, wire::Constructed{{input.byte()}, input.byte()}, stage.things.for_answer());
    case 2:
      return rogue.say(input, wire::ConstructFailed{failure});
    case 3:
      return rogue.say(input, wire::ChannelOpened{input.number(), {input.byte()}}, stage.things.for_answer());
    case 4:
      return rogue.say(input, wire::ChannelRefused{input.number(), failure});
    case 5:
      return rogue.say(input, wire::Status{input.number(), 1, 2, "a method"});
    case 6:
      return stage.add_client(host);
    case 7:
      return rogue.say(input, wire::GuardMissing{"so they say"});
    case 8:
      return host.process.kill();
    case 9:
      return rogue.socket().shut_down();
    default:
      return rogue.babble(input);
  }
}

void act_as_zygote(Input& input, Stage& stage, Zygote& zygote) {
  const Host* child = one_of(input, stage.hosts);
  const int pid = child != nullptr ? child->process.pid() : static_cast<int>(input.number());
  auto& rogue = zygote.rogue;
  rogue.read_all();
  switch (input.below(6)) {
    case 0:
      return rogue.say(input, hello());
    case 1:
      return rogue.say(input, wire::Forked{input.number(), pid});
    case 2:
      return rogue.say(input, wire::ForkFailed{input.number(), "there is no room"});
    case 3:
      return zygote.process.kill();
    case 4:
      return rogue.socket().shut_down();
    default:
      return rogue.babble(input);
  }
}

void act(Input& input, Stage& stage) {
  for (auto& each : stage.clients) each.read_all();
  switch (input.below(8)) {
    case 0:
      return (void)stage.raise_host();
    case 1:
    case 2:
      if (auto* host = one_of(input, stage.hosts)) act_as_host(input, stage, *host);
      return;
    case 3:
      if (auto* zygote = one_of(input, stage.zygotes)) act_as_zygote(input, stage, *zygote);
      return;
    case 4:
      return stage.await_manager();
    default:
      if (auto* client = one_of(input, stage.clients)) act_as_client(input, stage, *client);
  }
}

void play(Input& input) {
  static Stage& stage = *new Stage;
  constexpr int kMostActs = 40;
  if (!input.is_empty() && stage.raise_host()) stage.add_client(stage.hosts.back());
  for (int count = 0; count < kMostActs && !input.is_empty(); ++count) act(input, stage);
  stage.end_rogues();
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  troupe::host::number_own_nodes();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  troupe::fuzz::Input input(bytes, count);
  troupe::fuzz::play(input);
  return 0;
}
