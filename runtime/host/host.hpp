// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/control_socket.hpp"

namespace troupe::host {

// The child half of an actor: owns the actor object, serves its channels, one call at a time. Watching and restarting it
// is the manager's. Two threads: the main thread constructs, runs and destroys the actor (user code runs nowhere else);
// the control thread reads the manager's messages, opens channels and owns the life page.
class Host {
 public:
  // `control`: this process's socket to the manager. Once per process, in its main thread.
  explicit Host(platform::ControlSocket control);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Serves until told to stop, or until the manager is gone (then the process ends at once). The exit code for main.
  int run();

  // A socket for a client session of this process: its other end goes to the manager. Thread-safety: any thread.
  platform::ControlSocket join_as_client();

 private:
  struct State;
  static State& made(platform::ControlSocket& control);
  bool start_listening();

  State& state_;  // never deleted: the control thread watches over the process to its very end, exit handlers included
};

}  // namespace troupe::host
