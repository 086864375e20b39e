// SPDX-License-Identifier: BSL-1.0
#include "platform/handle.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "platform/os_error.hpp"

namespace troupe::platform {

void Handle::reset(int descriptor) noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);  // never again after EINTR: Linux has closed it
  descriptor_ = descriptor;
}

Handle Handle::duplicate() const {
  const int copy = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw_os_error(errno, "duplicating a handle");
  return Handle(copy);
}

void Handle::replace(Handle other) {
  if (::dup3(other.get(), descriptor_, O_CLOEXEC) < 0) throw_os_error(errno, "replacing a handle");
}

}  // namespace troupe::platform
