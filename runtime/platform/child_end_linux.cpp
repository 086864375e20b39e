// SPDX-License-Identifier: BSL-1.0
#include "platform/child_end.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "platform/memory_kills.hpp"
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

// Only what has not been reaped can be asked.
std::vector<std::string> groups_if_killed(const Process& child) {
  if (can_read_kernel_log()) return {};
  siginfo_t report{};
  const auto handle = static_cast<id_t>(child.handle().get());
  if (::waitid(P_PIDFD, handle, &report, WEXITED | WNOHANG | WNOWAIT) != 0 || report.si_pid == 0) return {};
  return report.si_status == SIGKILL && report.si_code != CLD_EXITED ? memory_groups_of(report.si_pid)
                                                                     : std::vector<std::string>();
}

}  // namespace

// The fields are those of proc(5)'s stat, which begin anew behind the name; that may hold anything but ends with the last ')'.
std::uint64_t own_time_of(const Process& child) noexcept {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", child.pid());
  const Handle file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const auto length = file ? ::read(file.get(), buffer.data(), buffer.size() - 1) : -1;
  const char* name_end = length > 0 ? std::strrchr(buffer.data(), ')') : nullptr;
  unsigned long long user = 0, system = 0;
  constexpr const char* kFields = ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu";
  if (name_end == nullptr || std::sscanf(name_end, kFields, &user, &system) != 2) return 0;
  return (user + system) * 1'000'000 / static_cast<unsigned long long>(::sysconf(_SC_CLK_TCK));
}

// The system call itself: the C library's waitid keeps its fifth argument, the usage, to itself.
std::optional<ChildEnd> reap_with_usage(const Process& child) {
  std::vector<std::string> memory_groups = groups_if_killed(child);
  siginfo_t report{};
  rusage usage{};
  while (::syscall(SYS_waitid, P_PIDFD, child.handle().get(), &report, WEXITED | WNOHANG, &usage) != 0) {
    const int error = errno;
    if (error == ECHILD) return ChildEnd{.status = {}, .usage = {}, .is_lost = true, .own_time_us = 0, .memory_groups = {}};
    if (error != EINTR) throw_os_error(error, "reaping process " + std::to_string(child.pid()));
  }
  if (report.si_pid == 0) return std::nullopt;
  const auto resident = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return ChildEnd{status_of(report),
                  {microseconds(usage.ru_utime), microseconds(usage.ru_stime), resident},
                  false,
                  0,
                  std::move(memory_groups)};
}

}  // namespace troupe::platform
