// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

#include "platform/process.hpp"

namespace troupe::platform {

// Of one thread of another process.
struct ThreadStack {
  int id = 0;
  std::string name{};                 // that it has given itself
  std::vector<std::string> frames{};  // for people, the innermost first: "#0  function at file:line"
  std::string gap{};                  // why there are not more of them; empty: there are none
};

// What all threads of a process do now, its first thread before the others; it need not take part, so it may hang, or be stopped.
// Each thread is held for the milliseconds that it takes to read its stack (ptrace), then goes on as before; system calls that
// never do after a signal (see HangOptions) return EINTR. Where this process dies meanwhile the kernel lets go of it. No thread
// of a stranger that has got the process's number is looked at. Blocks: for files and debug information, and for a thread in an
// uninterruptible wait until that is over. Errors: std::runtime_error, where the kernel does not let this user look, or the
// process is gone. Programs that use it are linked with libdw.
std::vector<ThreadStack> thread_stacks_of(const Process& process);

}  // namespace troupe::platform
