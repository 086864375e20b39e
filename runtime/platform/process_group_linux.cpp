// SPDX-License-Identifier: BSL-1.0
#include "platform/process_group.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "platform/os_error.hpp"

namespace troupe::platform {

void lead_process_group() {
  if (::getpgrp() == ::getpid()) return;  // who leads a session cannot, and need not, do so again
  if (::setpgid(0, 0) != 0) throw_os_error(errno, "leading a process group");
}

void kill_group_of(const Process& child) noexcept {
  siginfo_t report{};
  const auto handle = static_cast<id_t>(child.handle().get());
  const bool is_child = ::waitid(P_PIDFD, handle, &report, WEXITED | WNOHANG | WNOWAIT) == 0;  // else somebody has reaped it
  if (is_child && report.si_pid != 0) kill_group_of_zombie(report.si_pid);
}

void kill_group_of_zombie(int pid) noexcept {
  ::kill(-pid, SIGKILL);  // the only one by number: see scripts/check-arrows
}

}  // namespace troupe::platform
