// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "platform/control_socket.hpp"

namespace troupe::manager {

// What makes a manager a named one: see ServeOptions.
struct NamedService {
  std::string name;
  std::chrono::nanoseconds grace;
};

// Starts, watches, locates and stops hosts for its clients; carries no call. One thread, one loop; a second thread watches
// the hosts' life words and only posts to the loop.
class Manager {
 public:
  // `client`: the socket to the client that a private manager belongs to.
  explicit Manager(platform::ControlSocket client, int client_pid);
  // One without an owner: listens from now on. Errors: see serve.
  explicit Manager(const NamedService& service);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // Serves until its client has gone or asked for the end (a named one: until it was told to end by a signal), and every host
  // has ended. The exit code for main.
  int run();

 private:
  class Impl;
  static std::unique_ptr<Impl> made(platform::ControlSocket client, int client_pid);

  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::manager
