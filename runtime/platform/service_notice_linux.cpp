// SPDX-License-Identifier: BSL-1.0
#include "platform/service_notice.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "platform/handle.hpp"

namespace troupe::platform {

// The protocol: sd_notify(3). A name that begins with '@' is one of the abstract namespace.
void tell_service_manager(std::string_view state) noexcept {
  const char* const configured = std::getenv("NOTIFY_SOCKET");
  if (configured == nullptr) return;
  const std::string_view name(configured);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() < 2 || name.size() >= sizeof(address.sun_path) || (name[0] != '/' && name[0] != '@')) return;
  std::ranges::copy(name, address.sun_path);
  if (name[0] == '@') address.sun_path[0] = '\0';
  const Handle socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ::sendto(socket.get(), state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           length);
}

}  // namespace troupe::platform
