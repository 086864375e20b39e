// SPDX-License-Identifier: BSL-1.0
#include "platform/child_end.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

ExitStatus status_of(const siginfo_t& report) {
  if (report.si_code == CLD_EXITED) return {.exit_code = report.si_status};
  return {.signal = report.si_status, .core_dumped = report.si_code == CLD_DUMPED};
}

std::uint64_t microseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
}

}  // namespace

// The system call itself: the C library's waitid keeps its fifth argument, the usage, to itself.
std::optional<ChildEnd> reap_with_usage(const Process& child) {
  siginfo_t report{};
  rusage usage{};
  while (::syscall(SYS_waitid, P_PIDFD, child.handle().get(), &report, WEXITED | WNOHANG, &usage) != 0) {
    const int error = errno;
    if (error == ECHILD) return ChildEnd{.status = {}, .usage = {}, .is_lost = true};
    if (error != EINTR) throw_os_error(error, "reaping process " + std::to_string(child.pid()));
  }
  if (report.si_pid == 0) return std::nullopt;
  const auto resident = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return ChildEnd{status_of(report), {microseconds(usage.ru_utime), microseconds(usage.ru_stime), resident}, false};
}

}  // namespace troupe::platform
