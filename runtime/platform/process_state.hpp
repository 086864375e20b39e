// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/process.hpp"

namespace troupe::platform {

struct ProcessState {
  bool is_stopped = false;  // by SIGSTOP and the like, or by a debugger: it runs nothing
  bool is_traced = false;   // a debugger is attached to it
};

// What a child of this process, not reaped yet, is in at this moment. One that cannot be looked at is neither.
ProcessState state_of(const Process& child);

}  // namespace troupe::platform
