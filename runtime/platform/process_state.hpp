// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>

#include "platform/process.hpp"

namespace troupe::platform {

struct ProcessState {
  bool is_stopped = false;  // by SIGSTOP and the like, or by a debugger: it runs nothing
  bool is_traced = false;   // a debugger is attached to it
  bool is_dumping = false;  // the kernel writes its core
};

// What a child of this process, not reaped yet, is in at this moment. One that cannot be looked at is neither.
ProcessState state_of(const Process& child);

// What the text of /proc/PID/status says of it. Pure.
ProcessState state_in(std::string_view status);

}  // namespace troupe::platform
