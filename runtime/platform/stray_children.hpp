// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>

namespace troupe::platform {

// For a process that may have children which it was never told of (a zygote cloned one and died before it could say so).

// Whether `pid` is a child of this process, living or ended and not yet reaped.
bool is_own_child(int pid) noexcept;

// A child that has ended and waits to be reaped; it stays so. nullopt: none has. With several it is always the same one.
std::optional<int> ended_child() noexcept;

// Reaps it; `pid` came from ended_child, and is no child that somebody else owns.
void reap_stray(int pid) noexcept;

}  // namespace troupe::platform
