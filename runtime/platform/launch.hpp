// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/control_socket.hpp"
#include "platform/process.hpp"

namespace troupe::platform {

// How to start an executable in a role.
struct LaunchRequest {
  int executable = -1;  // an open file: what runs is this very file, whatever its path names by now
  std::string path{};   // for argv[0] and error texts
  std::string role{};   // what the guard in the child will read, see RoleStart
  int socket = -1;      // the child's end of its control socket, made by this process; becomes its handle 3
  std::vector<std::pair<std::string, std::string>> environment{};  // added to, or replacing in, the inherited one
  std::string working_directory{};                                 // empty: the starter's
  // Looks up all its symbols before main, for a process that is to be forked from: what is looked up later, each child has
  // to look up again. One with a symbol that is defined nowhere, and never used, ends with kUnbound then.
  bool binds_early = false;
};

// The exit code of a process whose symbols could not be found.
constexpr int kUnbound = 127;

// Starts it with Boost.Process and returns at once; nothing of the user's runs between fork and exec. The caller reaps.
// Errors: StartError with path and reason (not executable, no such directory, no process left).
Process launch(const LaunchRequest& request);

// What the guard finds when this process was started in a role.
struct RoleStart {
  std::string role;
  ControlSocket socket;
  int starter_pid = 0;
};

// Reads and removes the role from the environment; nullopt in an ordinary program. A role variable that was inherited by
// accident (handle 3 is no control socket made by the starter it names) is none.
std::optional<RoleStart> take_role();
// Whether take_role() would find one; changes nothing.
bool has_role();

// What every role does first: closes all handles but 0, 1, 2 and 3, default action for SIGCHLD and SIGPIPE, an empty
// signal mask. The signals that stop who uses a terminal in the background are ignored: reading it is an error (EIO) then.
void clean_role_process();

// The kernel kills this process when `parent_pid` (its parent, more exactly the thread that made it) ends; when that has
// happened already, it ends now.
void die_with_parent(int parent_pid);

// Whether clone_sibling works here: this process has one thread and the kernel tells its tid address. The reason otherwise.
bool can_clone_sibling(std::string& reason);

// Forks this process; the child's parent is this process's own parent. Returns the child's pid, in the child 0. A raw
// clone: no pthread_atfork handlers run, buffered output must have been flushed. Errors: std::system_error.
int clone_sibling();

}  // namespace troupe::platform
