// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <csignal>

namespace troupe::platform {

// For a handler that has taken the place of `former`: has it handle a signal that is its own affair. False: it was no function,
// but the default, or to ignore it.
inline bool run_former_handler(const struct sigaction& former, int number, siginfo_t* cause, void* context) {
  if (former.sa_handler == SIG_DFL || former.sa_handler == SIG_IGN) return false;
  if ((former.sa_flags & SA_SIGINFO) != 0) {
    former.sa_sigaction(number, cause, context);
  } else {
    former.sa_handler(number);
  }
  return true;
}

}  // namespace troupe::platform
