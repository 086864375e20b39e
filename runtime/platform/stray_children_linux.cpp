// SPDX-License-Identifier: BSL-1.0
#include "platform/stray_children.hpp"

#include <sys/wait.h>

namespace troupe::platform {

bool is_own_child(int pid) noexcept {
  siginfo_t report{};
  return pid > 0 && ::waitid(P_PID, static_cast<id_t>(pid), &report, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::optional<int> ended_child() noexcept {
  siginfo_t report{};
  if (::waitid(P_ALL, 0, &report, WEXITED | WNOHANG | WNOWAIT) != 0 || report.si_pid == 0) return std::nullopt;
  return report.si_pid;
}

void reap_stray(int pid) noexcept {
  siginfo_t report{};
  (void)::waitid(P_PID, static_cast<id_t>(pid), &report, WEXITED | WNOHANG);
}

}  // namespace troupe::platform
