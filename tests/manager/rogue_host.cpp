// SPDX-License-Identifier: BSL-1.0
#include "rogue_host.hpp"

#include <unistd.h>
#include <troupe/options.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "platform/event.hpp"
#include "platform/executable.hpp"
#include "platform/launch.hpp"
#include "platform/life_page.hpp"
#include "platform/memory.hpp"
#include "wire/library.hpp"
#include "wire/registry.hpp"

namespace troupe::manager::testing {

namespace {

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

// What the guard would have done.
void number_modules() {
  std::vector<wire::ModuleRange> ranges;
  for (const auto& module : platform::loaded_modules())
    ranges.push_back({module.path, module.build_id, module.begin, module.end});
  wire::number_nodes(ranges);
}

template <class Message>
void say(const platform::ControlSocket& socket, const Message& message, std::span<const int> handles = {}) {
  socket.send(wire::encode_message<wire::ToManagerFromHost>(message), handles);
}

void say_garbage(const platform::ControlSocket& socket) {
  const std::array<std::byte, 3> garbage{std::byte{0xff}, std::byte{0xff}, std::byte{0xff}};
  socket.send(garbage);
}

[[noreturn]] void say_hello_with_false_page(const platform::ControlSocket& socket) {
  const auto memory = platform::SharedMemory::create("a page of a test", platform::kLifePageBytes);
  const int handle = memory.handle().get();
  say(socket, wire::own_hello(platform::Process::self().pid()), {&handle, 1});
  wait_for_ever();
}

// Pretends to construct what it is told to.
void come_up(platform::ControlSocket& socket, std::uint32_t running_method) {
  socket.receive();
  static platform::LifePage page;
  page.status().running_method = running_method;
  const auto memory = platform::SharedMemory::create("a channel of a test", 4096);
  const auto event = platform::Event::pair();
  const std::array handles{memory.handle().get(), memory.handle().get(), memory.handle().get(), page.memory().handle().get(),
                           event.second.handle().get()};
  say(socket, wire::Constructed{}, handles);
}

FakeClient join_as_client(const platform::ControlSocket& socket) {
  auto [ours, theirs] = platform::ControlSocket::pair();
  const int handle = theirs.handle().get();
  say(socket, wire::JoinAsClient{}, {&handle, 1});
  return FakeClient(std::move(ours));
}

void join_falsely(FakeClient& client) {
  wire::Join join = FakeClient::join_message();
  join.on_behalf_of = ActorId{4711};
  client.send_join(join);
}

[[noreturn]] void attach_wrongly(platform::ControlSocket& socket) {
  const auto packet = socket.receive();
  const auto order = std::get<wire::OpenChannel>(wire::decode_message<wire::ToHost>(packet.value().bytes));
  say(socket, wire::ChannelOpened{order.channel, {}});
  wait_for_ever();
}

int act_up(const std::string& trick, platform::ControlSocket& socket) {
  come_up(socket, trick == "hangs" ? INT32_MAX : 0);
  if (trick == "hangs") wait_for_ever();
  if (trick == "attaches-wrong") attach_wrongly(socket);
  FakeClient client = join_as_client(socket);
  if (trick == "claims") {
    join_falsely(client);
    client.await_end();
    return 7;
  }
  client.join();
  if (trick == "parent") {
    client.spawn(kind<Quiet>());
    wait_for_ever();
  }
  if (trick.starts_with("holds ")) {
    wire::Hold hold;
    std::istringstream(trick.substr(6)) >> hold.actor.value >> hold.key.high >> hold.key.low;
    client.say(hold);
    wait_for_ever();
  }
  if (trick == "joins") {
    wire::Spawn spawn;
    spawn.name = "one";
    spawn.join_existing = true;
    client.ask_for(kind<Quiet>(), spawn);
    client.list();
    return 7;
  }
  say_garbage(client.socket());
  client.await_end();
  return 7;
}

}  // namespace

const char* rogue_trick() { return std::getenv(kTrickVariable); }

int run_rogue_host(const std::string& trick) {
  if (trick == "exit") ::_exit(3);
  if (trick == "crash") std::abort();
  if (trick == "unguarded") return 0;
  if (trick == "silent") wait_for_ever();
  auto start = platform::take_role();
  number_modules();
  if (trick == "false-page") say_hello_with_false_page(start->socket);
  say(start->socket, wire::own_hello(platform::Process::self().pid()));
  if (trick == "garbage") {
    say_garbage(start->socket);
    wait_for_ever();
  }
  ::_exit(act_up(trick, start->socket));  // its socket stays open to the end: one that closes it early is killed
}

std::string holder_trick(const wire::ActorReference& actor) {
  return "holds " + std::to_string(actor.id.value) + " " + std::to_string(actor.key.high) + " " + std::to_string(actor.key.low);
}

wire::Spawn rogue(const std::string& trick) {
  wire::Spawn spawn;
  spawn.start = static_cast<std::uint8_t>(StartMethod::spawn);
  spawn.environment = {{kTrickVariable, trick}};
  return spawn;
}

}  // namespace troupe::manager::testing
