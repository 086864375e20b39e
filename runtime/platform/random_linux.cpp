// SPDX-License-Identifier: BSL-1.0
#include "platform/random.hpp"

#include <sys/random.h>

#include <cerrno>

#include "platform/os_error.hpp"

namespace troupe::platform {

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  // Up to 256 bytes come whole; EINTR is possible only before the kernel's pool is ready.
  while (::getrandom(&bits, sizeof(bits), 0) != sizeof(bits)) {
    const int error = errno;
    if (error != EINTR) throw_os_error(error, "getrandom");
  }
  return bits;
}

}  // namespace troupe::platform
