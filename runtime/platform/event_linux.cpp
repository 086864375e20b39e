// SPDX-License-Identifier: BSL-1.0
#include "platform/event.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "platform/os_error.hpp"

namespace troupe::platform {

std::pair<Event, Event> Event::pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw_os_error(errno, "creating an event");
  return {Event(Handle(ends[0])), Event(Handle(ends[1]))};
}

// EAGAIN is success: the other end has so many signals unread that it has no room for one more.
void Event::signal() const noexcept {
  constexpr char kSignal = 0;
  (void)::send(handle_.get(), &kSignal, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool Event::clear() const noexcept {
  std::array<char, 256> signals;
  const ssize_t count = ::recv(handle_.get(), signals.data(), signals.size(), MSG_DONTWAIT);
  return count > 0 || (count < 0 && errno == EAGAIN);
}

}  // namespace troupe::platform
