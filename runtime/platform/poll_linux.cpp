// SPDX-License-Identifier: BSL-1.0
#include "platform/poll.hpp"

#include <poll.h>

#include <cerrno>

#include "platform/deadline_linux.hpp"
#include "platform/os_error.hpp"

namespace troupe::platform {

bool wait_ready(int descriptor, ReadyTo what, std::chrono::steady_clock::time_point deadline) {
  if (descriptor < 0) throw_os_error(EBADF, "waiting for a handle");  // ppoll would sleep for ever
  pollfd target{descriptor, static_cast<short>(what == ReadyTo::read ? POLLIN : POLLOUT), 0};
  for (;;) {
    const int ready_count = ::ppoll(&target, 1, KernelTime::until(deadline).get(), nullptr);
    if (ready_count >= 0) return ready_count > 0;
    const int error = errno;
    if (error != EINTR) throw_os_error(error, "waiting for a handle");
  }
}

std::vector<bool> wait_readable(std::span<const int> descriptors) {
  std::vector<pollfd> targets;
  for (const int each : descriptors) targets.push_back({each, POLLIN, 0});
  const int count = ::poll(targets.data(), targets.size(), -1);
  const int error = errno;
  if (count < 0 && error != EINTR) throw_os_error(error, "waiting for handles");
  std::vector<bool> ready;
  for (const pollfd& each : targets) ready.push_back(count > 0 && each.revents != 0);
  return ready;
}

}  // namespace troupe::platform
