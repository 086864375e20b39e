// SPDX-License-Identifier: BSL-1.0
#pragma once

// What launch() and take_role() agree on.
namespace troupe::platform {

// Its value: the role, a space, the pid of the starter. Holds no secret: anybody may read an environment.
constexpr const char* kRoleVariable = "TROUPE_ROLE";
// What makes the dynamic linker bind early, and the value by which take_role() knows that launch() has set it.
constexpr const char* kBindVariable = "LD_BIND_NOW";
constexpr const char* kBindValue = "troupe";
// The child's end of its control socket.
constexpr int kRoleSocket = 3;

}  // namespace troupe::platform
