// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe::platform {

// Gives a new control socket room for the largest message; more would be welcome, so a refusal is no error.
void widen_control_socket(int descriptor);

}  // namespace troupe::platform
