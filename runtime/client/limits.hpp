// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/options.hpp>

#include "wire/control_parts.hpp"

namespace troupe::client {

// As they travel. Whether the system grants them turns out in the actor's process.
// Errors: std::invalid_argument for what no process could have; it names the field.
wire::Limits wire_limits(const LimitOptions& options);
wire::Hang wire_hang(const HangOptions& options);

}  // namespace troupe::client
