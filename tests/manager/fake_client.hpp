// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "actors.hpp"
#include "platform/control_socket.hpp"
#include "platform/handle.hpp"
#include "platform/process.hpp"
#include "wire/control.hpp"

namespace troupe::manager::testing {

// One message of the manager with its handles.
template <class Message>
struct Received {
  Message message;
  std::vector<platform::Handle> handles;
};

// The other end of a manager's control socket, by hand: says what a test wants said, in whatever order.
class FakeClient {
 public:
  explicit FakeClient(platform::ControlSocket socket) : socket_(std::move(socket)) {}

  template <class Message>
  void say(const Message& message, std::span<const int> handles = {}) {
    socket_.send(wire::encode_message<wire::ToManagerFromClient>(message), handles);
  }
  void say_bytes(std::span<const std::byte> bytes) { socket_.send(bytes); }

  // The next message of this type; others stay for later. Blocks: until it comes. Errors: std::runtime_error when the
  // manager closes instead.
  template <class Message>
  Received<Message> await() {
    for (std::size_t i = 0;; ++i) {
      if (i == waiting_.size() && !read_next()) throw std::runtime_error("the manager has closed the connection");
      if (!std::holds_alternative<Message>(waiting_[i].message)) continue;
      Received<Message> found{std::get<Message>(std::move(waiting_[i].message)), std::move(waiting_[i].handles)};
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
      return found;
    }
  }
  // The answer to a spawn or an attach, whichever way it goes: whether that is an actor.
  bool await_whether_opened();
  // Blocks: until the manager has closed.
  void await_end();

  static wire::Join join_message();
  void join();  // and takes the welcome
  void send_join(const wire::Join& join);
  // Asks for an actor; the answer is still to come. Returns the request's number.
  std::uint64_t ask_for(const Kind& kind, wire::Spawn spawn = {});
  // Asks for it, and takes the answer, which is not a refusal.
  Received<wire::Opened> spawn(const Kind& kind, wire::Spawn options = {});
  std::uint64_t ask_to_attach(const wire::ActorDescription& actor);
  // Comes back when the manager has dealt with all that was said before.
  std::vector<ActorInfo> list();

  platform::ControlSocket& socket() { return socket_; }

 private:
  struct Waiting {
    wire::ToClient message;
    std::vector<platform::Handle> handles;
  };

  bool read_next();

  platform::ControlSocket socket_;
  std::deque<Waiting> waiting_;
  std::uint64_t last_request_ = 0;
};

// A manager process of its own, and the client that it belongs to.
struct ManagedClient {
  explicit ManagedClient(bool joins = true);
  ~ManagedClient();  // ends both; the manager is reaped

  platform::Process manager;
  FakeClient client;

 private:
  explicit ManagedClient(std::pair<platform::ControlSocket, platform::ControlSocket> sockets);
};

// The pidfd that came with an opened channel.
platform::Process host_of(Received<wire::Opened>& opened);

}  // namespace troupe::manager::testing
