// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>

#include "wire/control_parts.hpp"

namespace troupe::host {

// Bounds this process as its spawner wants it, before there is an actor. Errors: std::runtime_error; it names the limit that
// the system refuses.
void apply(const wire::Limits& limits);

// An encoded std::bad_alloc (wire/exceptions) that was made while there was memory; empty where none is limited.
std::span<const std::byte> ready_bad_alloc();

}  // namespace troupe::host
