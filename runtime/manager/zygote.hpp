// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>

#include "platform/control_socket.hpp"

namespace troupe::manager {

// Waits ready, with the program loaded and its modules numbered, and forks itself for each host that the manager wants.
// It runs no user code, keeps one thread, and its end harms no host. What the child becomes is the role's.
class Zygote {
 public:
  explicit Zygote(platform::ControlSocket manager, int manager_pid);

  // Blocks: until the manager is gone (nullopt: time to end), or in a child that was forked: its own control socket.
  std::optional<platform::ControlSocket> run();

 private:
  template <class Message>
  void send(const Message& message) const;
  std::optional<platform::ControlSocket> fork(platform::Packet packet);

  platform::ControlSocket manager_;
  const int manager_pid_;
};

}  // namespace troupe::manager
