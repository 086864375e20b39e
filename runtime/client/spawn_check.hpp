// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/options.hpp>

namespace troupe::detail {
struct SpawnOrder;
}

namespace troupe::client {

// Some options are for one kind only.
enum class ManagerKind { of_one_program, named };

// What an order must be, and what this version cannot do yet: never ignored, always said, before anything is sent.
// Errors: std::invalid_argument, which names the field and the remedy.
void check(const detail::SpawnOrder& order, ManagerKind manager = ManagerKind::of_one_program);
void check(const RuntimeOptions& options);

}  // namespace troupe::client
