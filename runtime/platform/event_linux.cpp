// SPDX-License-Identifier: BSL-1.0
#include "platform/event.hpp"

#include <sys/eventfd.h>

#include <cerrno>

#include "platform/os_error.hpp"

namespace troupe::platform {

Event Event::create() {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) throw_os_error(errno, "creating an event");
  return Event(Handle(descriptor));
}

// EAGAIN, the one failure of a non-blocking event, is success: the count is full, so it is signalled, or 0, so it is clear.
void Event::signal() const noexcept { (void)::eventfd_write(handle_.get(), 1); }

void Event::clear() const noexcept {
  eventfd_t count = 0;
  (void)::eventfd_read(handle_.get(), &count);
}

}  // namespace troupe::platform
