// SPDX-License-Identifier: BSL-1.0
#include "platform/process.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "platform/os_error.hpp"
#include "platform/poll.hpp"

namespace troupe::platform {
namespace {

ExitStatus status_of(const siginfo_t& report) {
  if (report.si_code == CLD_EXITED) return {.exit_code = report.si_status};
  return {.signal = report.si_status, .core_dumped = report.si_code == CLD_DUMPED};
}

}  // namespace

Process Process::open(int pid) {
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) throw_os_error(errno, "opening process " + std::to_string(pid));
  return Process(Handle(pidfd), pid);
}

Process Process::self() { return open(::getpid()); }

void Process::signal(int number) const noexcept { ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0); }

void Process::kill() const noexcept { signal(SIGKILL); }

bool Process::wait_ended(std::chrono::steady_clock::time_point deadline) const {
  return wait_ready(pidfd_.get(), ReadyTo::read, deadline);
}

std::optional<ExitStatus> Process::reap() const {
  siginfo_t report{};
  const auto id = static_cast<id_t>(pidfd_.get());
  while (::waitid(P_PIDFD, id, &report, WEXITED | WNOHANG) != 0) {
    const int error = errno;
    if (error == ECHILD) return std::nullopt;
    if (error != EINTR) throw_os_error(error, "reaping process " + std::to_string(pid_));
  }
  if (report.si_pid == 0) return std::nullopt;  // it lives
  return status_of(report);
}

}  // namespace troupe::platform
