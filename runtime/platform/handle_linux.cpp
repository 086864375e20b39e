// SPDX-License-Identifier: BSL-1.0
#include "platform/handle.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "platform/os_error.hpp"

namespace troupe::platform {

namespace {

constexpr int kFirstOwn = 3;

}  // namespace

void Handle::reset() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);  // never again after EINTR: Linux has closed it
  descriptor_ = -1;
}

[[gnu::cold]] int Handle::moved_up(int descriptor) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstOwn);
  const int error = errno;
  ::close(descriptor);
  if (copy < 0) throw_os_error(error, "moving a handle away from the standard ones");
  return copy;
}

Handle Handle::duplicate() const {
  const int copy = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, kFirstOwn);
  if (copy < 0) throw_os_error(errno, "duplicating a handle");
  return Handle(copy);
}

void Handle::replace(Handle other) {
  if (::dup3(other.get(), descriptor_, O_CLOEXEC) < 0) throw_os_error(errno, "replacing a handle");
}

}  // namespace troupe::platform
