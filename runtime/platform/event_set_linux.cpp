// SPDX-License-Identifier: BSL-1.0
#include "platform/event_set.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

#include "platform/os_error.hpp"

namespace troupe::platform {

EventSet::EventSet() : handle_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!handle_) throw_os_error(errno, "creating a set of events");
}

void EventSet::add(const Event& event) {
  epoll_event interest{};
  interest.events = EPOLLIN | EPOLLET;
  if (::epoll_ctl(handle_.get(), EPOLL_CTL_ADD, event.handle().get(), &interest) != 0) throw_os_error(errno, "watching an event");
}

void EventSet::remove(const Event& event) noexcept {
  epoll_event ignored{};
  (void)::epoll_ctl(handle_.get(), EPOLL_CTL_DEL, event.handle().get(), &ignored);
}

void EventSet::wait() {
  std::array<epoll_event, 64> signalled;  // which ones does not matter
  if (::epoll_wait(handle_.get(), signalled.data(), static_cast<int>(signalled.size()), -1) >= 0) return;
  const int error = errno;
  if (error != EINTR) throw_os_error(error, "waiting for events");
}

}  // namespace troupe::platform
