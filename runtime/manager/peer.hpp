// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/function.hpp"
#include "manager/loop.hpp"
#include "platform/control_socket.hpp"
#include "wire/control.hpp"

namespace troupe::manager {

// One process at the other end of a control socket, which may be slow, stopped, broken or hostile: sending to it never
// blocks, and what it sends can end this connection only. What messages mean is left to the owner of the callbacks.
class Peer : public std::enable_shared_from_this<Peer> {
 public:
  // Why a connection ended.
  struct Parting {
    std::string reason{};    // empty: it just went
    bool is_breach = false;  // it broke the rules; else it is this side that could not go on
  };
  struct Callbacks {
    // Errors: what it throws ends this connection, with that text as the reason; a ProtocolError is a breach.
    Function<void(platform::Packet& packet)> on_packet;
    // Once; the peer has closed already.
    Function<void(const Parting& parting)> on_gone;
  };

  Peer(Loop& loop, platform::ControlSocket socket, Callbacks callbacks);

  // Listens from now on. Apart from construction, so that a first message can be sent with nothing before it.
  void start();

  // Ownership: handles stay the caller's. What the socket does not take now waits in a queue, up to 4 MiB; past that the
  // peer is gone. Errors: std::invalid_argument for a message over the socket's limit.
  template <class Vocabulary, class Message>
  void send(const Message& message, std::span<const int> handles = {}) {
    send_bytes(wire::encode_message<Vocabulary>(message), handles);
  }

  // Likewise; one that has been encoded, for several perhaps.
  void send_bytes(std::vector<std::byte> bytes, std::span<const int> handles = {});

  // For a process that has ended, whoever else may hold its socket: handles what has arrived by now, then ends.
  void drain();
  // Handles what has arrived by now, ahead of its turn. False: nothing, since one of its messages is being handled.
  bool catch_up();
  // No callback from here on.
  void close();
  bool is_open() const { return is_open_; }
  // It has been sent more than it has read of late.
  bool has_backlog() const { return !unsent_.empty(); }

 private:
  struct Unsent {
    std::vector<std::byte> bytes;
    std::vector<platform::Handle> handles;
  };

  void enqueue(std::vector<std::byte> bytes, std::span<const int> handles);
  void flush_when_writable();
  void flush();
  bool handle_next();
  void end_later(Parting parting);
  void drain_later();
  void end(const Parting& parting);

  Loop& loop_;
  platform::ControlSocket socket_;
  Callbacks callbacks_;
  std::unique_ptr<HandleWatch> watch_;
  std::list<Unsent> unsent_;
  std::size_t unsent_bytes_ = 0;
  bool is_open_ = true;
  bool is_handling_ = false;
};

}  // namespace troupe::manager
