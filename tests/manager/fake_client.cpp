// SPDX-License-Identifier: BSL-1.0
#include "fake_client.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "channel/client_end.hpp"
#include "platform/event.hpp"
#include "platform/executable.hpp"
#include "platform/launch.hpp"
#include "wire/library.hpp"
#include "wire/registry.hpp"

namespace troupe::manager::testing {

namespace {

const channel::Geometry& geometry() {
  static const auto value = channel::Geometry::for_mailbox(16, 4096, 1 << 20);
  return value;
}

wire::ChannelOffer offer() {
  wire::ChannelOffer offer;
  offer.slots = geometry().slots;
  offer.request_cells = geometry().request_cells;
  offer.reply_cells = geometry().reply_cells;
  offer.payload_bytes = geometry().payload_bytes;
  return offer;
}

platform::Process launch_manager(const platform::ControlSocket& socket) {
  const platform::Handle executable = platform::open_own_executable();
  return platform::launch({.executable = executable.get(),
                           .path = platform::own_executable_path(),
                           .role = "manager",
                           .socket = socket.handle().get()});
}

}  // namespace

bool FakeClient::read_next() {
  auto packet = socket_.receive();
  if (!packet) return false;
  waiting_.push_back({wire::decode_message<wire::ToClient>(packet->bytes), std::move(packet->handles)});
  return true;
}

bool FakeClient::await_whether_opened() {
  for (std::size_t i = 0;; ++i) {
    if (i == waiting_.size() && !read_next()) throw std::runtime_error("the manager has closed the connection");
    const bool is_opened = std::holds_alternative<wire::Opened>(waiting_[i].message);
    if (!is_opened && !std::holds_alternative<wire::Refused>(waiting_[i].message)) continue;
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    return is_opened;
  }
}

void FakeClient::await_end() {
  while (read_next()) continue;
}

wire::Join FakeClient::join_message() { return {wire::own_hello(platform::Process::self().pid()), {}, {}}; }

void FakeClient::send_join(const wire::Join& join) {
  const platform::Handle executable = platform::open_own_executable();
  const platform::Process self = platform::Process::self();
  const std::array<int, 2> handles{executable.get(), self.handle().get()};
  say(join, handles);
}

void FakeClient::join() {
  send_join(join_message());
  await<wire::Welcome>();
}

std::uint64_t FakeClient::ask_for(const Kind& kind, wire::Spawn spawn) {
  const wire::MethodId number = wire::number_of(kind.constructor);
  spawn.request = ++last_request_;
  spawn.constructor = {number.module(), number.rank()};
  spawn.type = kind.type;
  spawn.offer = offer();
  if (spawn.start_timeout_ns == 0) spawn.start_timeout_ns = std::numeric_limits<std::int64_t>::max();
  const auto requests = channel::ClientEnd::create_requests(geometry());
  const auto extents = channel::ClientEnd::create_request_extents(geometry());
  const auto event = platform::Event::pair();
  const std::array handles{requests.handle().get(), extents.handle().get(), event.second.handle().get()};
  say(spawn, handles);
  return spawn.request;
}

Received<wire::Opened> FakeClient::spawn(const Kind& kind, wire::Spawn options) {
  ask_for(kind, std::move(options));
  auto opened = await<wire::Opened>();
  return opened;
}

std::uint64_t FakeClient::ask_to_attach(const wire::ActorDescription& actor) {
  const auto requests = channel::ClientEnd::create_requests(geometry());
  const auto extents = channel::ClientEnd::create_request_extents(geometry());
  const auto event = platform::Event::pair();
  const std::array handles{requests.handle().get(), extents.handle().get(), event.second.handle().get()};
  wire::Attach attach;
  attach.request = ++last_request_;
  attach.actor = actor.id;
  attach.key = actor.key;
  attach.type = actor.type;
  attach.offer = offer();
  say(attach, handles);
  return attach.request;
}

std::vector<ActorInfo> FakeClient::list() {
  say(wire::List{++last_request_});
  std::vector<ActorInfo> actors;
  for (bool more = true; more;) {
    const auto listed = await<wire::Listed>().message;
    actors.insert(actors.end(), listed.actors.begin(), listed.actors.end());
    more = listed.more;
  }
  return actors;
}

ManagedClient::ManagedClient(bool joins) : ManagedClient(platform::ControlSocket::pair()) {
  if (joins) client.join();
}

ManagedClient::ManagedClient(std::pair<platform::ControlSocket, platform::ControlSocket> sockets)
    : manager(launch_manager(sockets.second)), client(std::move(sockets.first)) {}

ManagedClient::~ManagedClient() {
  client.socket().shut_down();
  manager.wait_ended();
  EXPECT_EQ(manager.reap(), ExitStatus{}) << "the manager did not end as it should";
}

platform::Process host_of(Received<wire::Opened>& opened) {
  return platform::Process(std::move(opened.handles.back()), opened.message.actor.pid);
}

}  // namespace troupe::manager::testing
