// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/inbox.hpp"
#include "host/served_channel.hpp"
#include "host/stop_requests.hpp"
#include "platform/control_socket.hpp"
#include "platform/handle.hpp"
#include "platform/life_page.hpp"
#include "wire/control.hpp"

namespace troupe::host {

// Sends one message to the manager; several threads may. One that finds the manager gone is lost: the control thread
// sees that, too.
template <class Message>
void send_to_manager(const platform::ControlSocket& socket, const Message& message, std::span<const int> handles = {}) {
  socket.send(wire::encode_message<wire::ToManagerFromHost>(message), handles);
}

// What travels with Constructed and ChannelOpened.
std::array<int, wire::ChannelAnswer::kHandles> handles_of(const OpenedChannel& opened, const platform::LifePage& page);

// Listens to the manager, in a thread that runs no user code: opens and closes channels at once, however long the actor's
// method takes, owns the life page's words, and passes on to the main thread what is for it.
class Control {
 public:
  // All outlive the thread that runs this; `page` outlives the process.
  Control(platform::ControlSocket& socket, Inbox& inbox, platform::LifePage& page, StopRequests& stops)
      : socket_(socket), inbox_(inbox), page_(page), stops_(stops) {}
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Listens until the manager is gone, or the socket was shut down. Blocks: all that time. Errors: ProtocolError: the
  // manager does not speak as managers do.
  void run();

  // The client of this channel broke the protocol: it hears so from the manager, and its waits end. The life word stays up:
  // its fall would say that this process dies. Thread-safety: any thread.
  void break_off(std::uint64_t channel, const std::string& reason);

 private:
  using Handles = std::vector<platform::Handle>;
  struct Open {
    std::weak_ptr<ServedChannel> channel;  // the dispatcher may have let go of it
    std::optional<unsigned> life_word;
  };

  void handle(platform::Packet& packet);
  void on(const wire::Construct& message, Handles& handles);
  void on(const wire::OpenChannel& message, Handles& handles);
  void on(const wire::CloseChannel& message, Handles& handles);
  void on(const wire::StopHost& message, Handles& handles);
  void on(const wire::AskStatus& message, Handles& handles);
  void on(const wire::StopTurn& message, Handles& handles);

  void capture_output(Handles& handles);
  Construction prepare(const wire::Construct& message, Handles& handles);
  void refuse(const wire::Failure& failure);
  OpenedChannel open(std::uint64_t number, const wire::ChannelOffer& offer,
                     const std::vector<wire::ModuleIdentity>& client_modules, Handles& handles);
  std::uint64_t mailbox_depth() const;
  std::string running_method() const;

  platform::ControlSocket& socket_;
  Inbox& inbox_;
  platform::LifePage& page_;
  StopRequests& stops_;
  bool has_begun_ = false;  // there was a Construct
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Open> open_;  // by the manager's number; guarded by mutex_
};

}  // namespace troupe::host
