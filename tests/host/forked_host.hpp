// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "channel/geometry.hpp"
#include "platform/control_socket.hpp"
#include "platform/event.hpp"
#include "platform/memory.hpp"
#include "platform/process.hpp"
#include "tests/host/stage.hpp"
#include "wire/control.hpp"

namespace troupe::host {

// What the actor of these tests and the test see of each other; in shared memory.
struct Window {
  std::atomic<int> started{0};    // sit_tight() has been entered so often
  std::atomic<int> released{0};   // sit_tight() ends when this is as large
  std::atomic<int> destroyed{0};  // actors
};

// A Host in a forked child; the test plays its manager.
class ForkedHost {
 public:
  ForkedHost();
  ~ForkedHost();
  ForkedHost(const ForkedHost&) = delete;
  ForkedHost& operator=(const ForkedHost&) = delete;

  // A client's half of a channel that is being opened.
  struct Opening {
    channel::Geometry geometry = channel::Geometry::for_mailbox(16, 4096, kMostPayload);
    platform::SharedMemory requests, extents;
    std::pair<platform::Event, platform::Event> event;  // the client's end, the host's

    Opening();
    wire::ChannelOffer offer() const { return offer_of(geometry); }
    std::array<int, wire::ChannelOffer::kHandles> handles() const {
      return {requests.handle().get(), extents.handle().get(), event.second.handle().get()};
    }
  };

  template <class Message>
  void send(const Message& message, std::span<const int> passed = {}) {
    socket_.send(wire::encode_message<wire::ToHost>(message), passed);
  }
  void send_raw(std::span<const std::byte> bytes) { socket_.send(bytes); }
  // The next message, which must be a `Message`; its handles are kept in `handles`.
  template <class Message>
  Message receive() {
    auto packet = socket_.receive();
    handles = std::move(packet.value().handles);
    return std::get<Message>(wire::decode_message<wire::ToManagerFromHost>(packet->bytes));
  }

  // Says Construct, with an int as the argument.
  void construct(wire::NodeReference constructor, int argument, const Opening& opening);
  void open(std::uint64_t channel, const Opening& opening);
  // The client's end, from the handles of the answer that was received last.
  Client client(const Opening& opening);
  // A constructed actor, and the client of its first channel.
  Client start(int argument);

  Window& window() { return *reinterpret_cast<Window*>(window_.data()); }
  const platform::Process& process() const { return process_; }
  void forget_socket() { socket_ = {}; }
  int exit_code();

  std::vector<platform::Handle> handles;

 private:
  platform::Mapping window_;
  platform::ControlSocket socket_;
  platform::Process process_;
};

// The actor's constructor, and methods.
wire::NodeReference sitter_constructor();
wire::MethodId sit_tight_method();  // runs until the test lets it go
wire::MethodId sum_method();        // the constructor's argument and the number
wire::MethodId join_method();       // makes the host join as a client
wire::MethodId fork_method();       // forks, and returns in both processes

}  // namespace troupe::host
