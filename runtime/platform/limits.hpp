// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <span>

// Bounds for this process, all its threads included, and for the children that it starts from now on. It may tighten them
// afterwards, and not widen them. Errors: std::runtime_error, whose text says why that
// cannot be.
namespace troupe::platform {

// Private memory that can be written: the heap, static data, the stacks of all threads but the first; what it has not
// touched counts, too. Shared memory and mapped files do not. Past it an allocation fails. Refused, too, when the process has so
// much already that `reserve_bytes` more would not fit.
void limit_memory(std::uint64_t bytes, std::uint64_t reserve_bytes);

// Of user and system time, counted from the process's start. Past it SIGXCPU comes, whose default is death, and a second
// later SIGKILL.
void limit_cpu_time(std::uint32_t seconds);

// Of this process, and of those that it starts: past so many seconds SIGKILL comes, and nothing before it where that is all that
// is limited (ulimit -t). 0: it never comes.
std::uint64_t hard_limit_of_cpu_time() noexcept;

// Handles are numbered below it. Those that are open stay so.
void limit_open_files(std::uint32_t count);

// For the threads that there are, and those that they start: no other may be starting one meanwhile.
// `value`: -20 to 19; it is not added to the former one.
void set_niceness(int value);
// Likewise. A bit for each, from the lowest of the first word on.
void use_processors(std::span<const std::uint64_t> processors);

}  // namespace troupe::platform
