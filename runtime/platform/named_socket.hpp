// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/control_socket.hpp"
#include "platform/handle.hpp"

namespace troupe::platform {

// A connection by name, and the process at its other end when it was made, as the kernel says.
struct NamedPeer {
  ControlSocket socket;
  int pid = 0;                   // 0: one that is not to be seen from here, in another pid namespace
  bool is_one_too_many = false;  // a listener's process could not serve it: it has hardly a handle left
};

// The control socket that clients find by its name: the file NAME.sock in the control directory. Its owner is who holds the lock
// on NAME.lock, which dies with its holder: so a socket that a killed one has left behind is taken over. Both files go when this
// does; they stay where its process is killed. Thread-safety: one thread.
class NamedListener {
 public:
  // Listens from now on. Errors: std::invalid_argument (no such name can be); DuplicateName, with the process that has it;
  // StartError (the directory); std::system_error.
  explicit NamedListener(std::string name);
  ~NamedListener();
  NamedListener(const NamedListener&) = delete;
  NamedListener& operator=(const NamedListener&) = delete;

  // Readable when somebody wants to be accepted.
  const Handle& handle() const { return socket_; }
  // The next one that waits and is this user's; others are sent away. One that is one too many is to be closed before the next
  // is asked for. Never blocks.
  std::optional<NamedPeer> try_accept();
  // Somebody waits, whom try_accept could not let in: there are no handles, in this process or on the machine.
  bool is_starved() const { return is_starved_; }
  // Nobody can come any more, and who waits is sent away. The name stays taken. handle() is closed.
  void stop_listening() noexcept;

 private:
  void take_name();
  void listen();
  int accept_with_spare() noexcept;

  std::string name_;
  Handle directory_;
  Handle lock_;
  Handle socket_;
  Handle spare_;  // to be given up for a moment when there is no other
  bool is_starved_ = false;
};

// Connects to whoever listens under that name; empty: nobody does, or not until `deadline` (its queue is full: it does not
// run). Blocks: so long. Errors: std::invalid_argument (no such name can be); StartError (the directory); AuthenticationError
// (another user's process listens there); std::system_error.
std::optional<NamedPeer> connect_to_named(std::string_view name, std::chrono::steady_clock::time_point deadline);

// What socket files lie in the control directory, by name, in alphabetical order.
struct NamedManagers {
  std::vector<std::string> running;    // somebody listens
  std::vector<std::string> forgotten;  // a killed one's: the next of that name takes it over
};
// Blocks: for a second at the most for each that does not answer; that one counts as running. Errors: as open_control_directory.
NamedManagers named_managers();

// The process that a pidfd stands for; 0: one that has ended, or it is no pidfd. Errors: std::system_error (no handle is left).
int pid_of(const Handle& pidfd);

}  // namespace troupe::platform
