// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace troupe {

// When the call that this thread runs a method for ends for its caller: what the method calls in turn ends then at the latest.
// Nanoseconds of the steady clock; INT64_MAX: never.
inline thread_local constinit std::int64_t inherited_deadline_ns = INT64_MAX;

}  // namespace troupe
