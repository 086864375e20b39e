// SPDX-License-Identifier: BSL-1.0
#include "platform/role_start_linux.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "platform/launch.hpp"
#include "platform/os_error.hpp"
#include "platform/standard_handles.hpp"

namespace troupe::platform {
namespace {

struct NamedRole {
  std::string_view role;
  int starter_pid = 0;
};

std::optional<NamedRole> parse(std::string_view text) {
  const std::size_t space = text.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  NamedRole named{text.substr(0, space)};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + space + 1, end, named.starter_pid);
  if (named.role.empty() || error != std::errc() || stop != end) return std::nullopt;
  return named;
}

template <class Value>
std::optional<Value> socket_option(int option) {
  Value value{};
  socklen_t size = sizeof(value);
  if (::getsockopt(kRoleSocket, SOL_SOCKET, option, &value, &size) != 0) return std::nullopt;
  return value;
}

// The peer's credentials of a socket pair are those of the process that made it.
bool is_socket_made_by(int pid) {
  const auto peer = socket_option<ucred>(SO_PEERCRED);
  return socket_option<int>(SO_DOMAIN) == AF_UNIX && socket_option<int>(SO_TYPE) == SOCK_SEQPACKET && peer && peer->pid == pid;
}

std::optional<NamedRole> find_role() {
  const char* text = std::getenv(kRoleVariable);
  if (text == nullptr) return std::nullopt;
  const auto named = parse(text);
  return named && is_socket_made_by(named->starter_pid) ? named : std::nullopt;
}

}  // namespace

bool has_role() { return find_role().has_value(); }

std::optional<RoleStart> take_role() {
  std::optional<RoleStart> start;
  if (const auto named = find_role()) {
    start = RoleStart{std::string(named->role), ControlSocket(Handle(kRoleSocket)), named->starter_pid};
    ::fcntl(kRoleSocket, F_SETFD, FD_CLOEXEC);
  }
  ::unsetenv(kRoleVariable);  // last: the role was a view into it
  const char* binding = std::getenv(kBindVariable);
  if (binding != nullptr && std::string_view(binding) == kBindValue) ::unsetenv(kBindVariable);
  return start;
}

void clean_role_process() {
  if (::close_range(kRoleSocket + 1, ~0U, 0) != 0) throw_os_error(errno, "closing inherited handles");
  ::fcntl(kRoleSocket, F_SETFD, FD_CLOEXEC);
  open_standard_handles();
  ::signal(SIGCHLD, SIG_DFL);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGTTIN, SIG_IGN);
  ::signal(SIGTTOU, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void die_with_parent(int parent_pid) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) throw_os_error(errno, "asking for the end with the parent");
  if (::getppid() != parent_pid) ::_exit(0);  // it had ended before the request
}

}  // namespace troupe::platform
