// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "wire/control.hpp"
#include "wire/registry.hpp"

namespace troupe::wire {

// Both sides of a handshake must have the same; see Hello.
inline constexpr const char* kLibraryVersion = "troupe 0.1.0";

inline Hello own_hello(std::int32_t pid) { return {kProtocolVersion, kLibraryVersion, pid, known_modules()}; }

}  // namespace troupe::wire
