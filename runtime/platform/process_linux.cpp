// SPDX-License-Identifier: BSL-1.0
#include "platform/process.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "platform/child_end.hpp"
#include "platform/os_error.hpp"
#include "platform/poll.hpp"

namespace troupe::platform {

Process Process::open(int pid) {
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) throw_os_error(errno, "opening process " + std::to_string(pid));
  return Process(Handle(pidfd), pid);
}

Process Process::self() { return open(::getpid()); }

void Process::signal(int number) const noexcept { ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0); }

void Process::kill() const noexcept { signal(SIGKILL); }

void Process::terminate() const noexcept { signal(SIGTERM); }

bool Process::wait_ended(std::chrono::steady_clock::time_point deadline) const {
  return wait_ready(pidfd_.get(), ReadyTo::read, deadline);
}

std::optional<ExitStatus> Process::reap() const {
  const auto end = reap_with_usage(*this);
  return end && !end->is_lost ? std::optional(end->status) : std::nullopt;
}

void signal_this_thread(int number) noexcept { ::raise(number); }

void kill_this_process() noexcept {
  ::raise(SIGKILL);
  std::abort();  // never
}

}  // namespace troupe::platform
