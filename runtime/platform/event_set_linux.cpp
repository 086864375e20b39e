// SPDX-License-Identifier: BSL-1.0
#include "platform/event_set.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <span>

#include "platform/os_error.hpp"

namespace troupe::platform {

namespace {

// Rounded up, so that the deadline has passed when the kernel says so.
int milliseconds_until(std::chrono::steady_clock::time_point deadline) {
  using Clock = std::chrono::steady_clock;
  if (deadline == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, INT_MAX));
}

}  // namespace

EventSet::EventSet() : handle_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!handle_) throw_os_error(errno, "creating a set of events");
}

void EventSet::add(const Event& event) {
  epoll_event interest{};
  interest.events = EPOLLIN | EPOLLET;
  interest.data.ptr = const_cast<Event*>(&event);
  if (::epoll_ctl(handle_.get(), EPOLL_CTL_ADD, event.handle().get(), &interest) != 0) throw_os_error(errno, "watching an event");
}

void EventSet::remove(const Event& event) noexcept {
  epoll_event ignored{};
  (void)::epoll_ctl(handle_.get(), EPOLL_CTL_DEL, event.handle().get(), &ignored);
}

// Those that find no room in the list are reported, and cleared, by the next wait.
void EventSet::wait(std::chrono::steady_clock::time_point deadline) {
  std::array<epoll_event, 64> signalled;
  const int count =
      ::epoll_wait(handle_.get(), signalled.data(), static_cast<int>(signalled.size()), milliseconds_until(deadline));
  const int error = errno;
  if (count < 0 && error != EINTR) throw_os_error(error, "waiting for events");
  for (const epoll_event& each : std::span(signalled).first(count > 0 ? static_cast<std::size_t>(count) : 0))
    static_cast<const Event*>(each.data.ptr)->clear();
}

}  // namespace troupe::platform
