// SPDX-License-Identifier: BSL-1.0
#include "platform/standard_handles.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace troupe::platform {
namespace {

bool are_all_open() {
  for (int descriptor = 0; is_standard(descriptor); ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0) return false;
  }
  return true;
}

// Where there is no /dev/null (in a bare root): a handle that nobody can read or write.
int open_nothing() {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  return nothing >= 0 ? nothing : ::open("/", O_PATH | O_CLOEXEC);
}

}  // namespace

// A new handle takes the lowest free number. Other threads open files meanwhile: which number it took is seen afterwards only.
void open_standard_handles() noexcept {
  if (are_all_open()) return;
  int descriptor = open_nothing();
  for (; is_standard(descriptor); descriptor = open_nothing()) ::fcntl(descriptor, F_SETFD, 0);
  if (descriptor >= 0) ::close(descriptor);
}

}  // namespace troupe::platform
