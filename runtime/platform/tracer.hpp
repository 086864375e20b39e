// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/process.hpp"

namespace troupe::platform {

// Whether another process traces it: a debugger, or strace. false where that cannot be known. `child`: of this process, and not
// reaped. Thread-safety: full.
bool is_traced(const Process& child) noexcept;

}  // namespace troupe::platform
