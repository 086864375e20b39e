// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_pool.hpp>

#include <cstddef>

namespace troupe::pool {

// With what was left to the runtime filled in. What SpawnOptions must be is checked when the members are started.
// Errors: std::invalid_argument, which names the field and the remedy.
ActorPoolOptions checked(ActorPoolOptions options);
// `field`: whose it is. Errors: likewise.
std::size_t checked_size(const char* field, std::ptrdiff_t size);

}  // namespace troupe::pool
