// SPDX-License-Identifier: BSL-1.0
// What the manager under test starts instead of a host or a zygote: it hands its control socket over to the fuzzer, which
// plays the role, and sleeps until it is killed. Small and static, so that it starts in no time.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kRoleSocket = 3;

int connect_to(const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);  // abstract: nothing is left of it
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + std::strlen(name));
  const int connection = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
  return ::connect(connection, reinterpret_cast<const sockaddr*>(&address), size) == 0 ? connection : -1;
}

void hand_over(int connection, int handle, char role) {
  iovec piece{&role, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))]{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = space;
  header.msg_controllen = sizeof space;
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(control), &handle, sizeof handle);
  if (::sendmsg(connection, &header, MSG_NOSIGNAL) != 1) ::_exit(1);
}

}  // namespace

int main() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const char* role = std::getenv("TROUPE_ROLE");
  const char* name = std::getenv("TROUPE_FUZZ_SOCKET");
  const int connection = role != nullptr && name != nullptr ? connect_to(name) : -1;
  if (connection < 0) return 1;
  hand_over(connection, kRoleSocket, role[0]);
  ::close(kRoleSocket);
  for (;;) ::pause();
}
