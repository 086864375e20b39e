// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace troupe::campaigns {

// How a process comes to harm. Adding one: what does it, in harm.cpp, and its rows in fates.cpp.
enum class Harm : std::uint8_t {
  segmentation_fault,
  abort,
  division_by_zero,
  bus_error,
  illegal_instruction,
  stack_overflow,
  exit,        // exit(0)
  quick_exit,  // _exit(7)
  exception,
  terminate,
  out_of_memory,
  endless_loop,
  none,  // the last one: nothing happens
};
constexpr std::size_t kHarms = static_cast<std::size_t>(Harm::none);

// Does it, to this process, in this thread. What happens does so in a function of its own, which a backtrace shows.
// Errors: std::runtime_error with kHarmThrown, for Harm::exception.
void suffer(Harm harm);
constexpr const char* kHarmThrown = "harm was asked for";

// Harm to a process that is started in `role`, before its main. What it is told by: a variable of its environment.
std::pair<std::string, std::string> harm_at_start(const char* role, Harm harm);

}  // namespace troupe::campaigns
