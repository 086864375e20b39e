// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/testing/holdings.hpp>

#include <span>

#include "platform/process.hpp"

namespace troupe::campaigns {

// Looks, after a case, at what the case has left behind: nothing may be left. Made before the case's first act.
class Oracle {
 public:
  // Blocks: until this process holds what it held before, and has no descendant. Errors: Broken when that takes too long.
  void expect_nothing_left() const;

 private:
  const testing::Holdings before_ = testing::Holdings::now();
};

// Blocks: until there is no process below this one; ended ones are reaped. Only without a living runtime in this process.
// Errors: Broken naming those that live on.
void expect_no_descendants();
// Blocks: until each of them has ended. Errors: Broken naming one that lives on; `when` is for people.
void expect_ended(std::span<const platform::Process> processes, const char* when);
// That a new runtime starts, spawns, calls and ends.
void expect_fresh_call();

// After a failure, so that the next case begins clean.
void kill_descendants() noexcept;

}  // namespace troupe::campaigns
