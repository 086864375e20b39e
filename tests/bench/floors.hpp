// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "clock.hpp"

#include <chrono>
#include <cstddef>

// What the machine itself needs, written as plainly as possible. Run them in a SmallProcess; those that have another side
// fork it, and run with each side on a processor of its own. All are spans, rates too: the span of one message.
namespace troupe::bench::floors {

inline constexpr std::chrono::milliseconds kSilence{5};
inline constexpr std::size_t kCopyBytes = 64 << 20;

// Two processes, one cache line each way, spinning: round trips.
Latency spin(int round_trips);
// The same, each side asleep in the kernel until woken; and after kSilence each time.
Latency futex(int round_trips);
Latency futex_after_silence(int round_trips);
// boost::interprocess::message_queue, 64-byte messages: round trips; and one way, the mean span of one message.
Latency queue_round_trip(int round_trips);
Latency queue_one_way(int messages);
// A process that exits at once, and the wait for it: this very executable by posix_spawn; by fork.
Latency exec(int processes);
Latency fork(int processes);
// SIGKILL of a small process that sleeps, until its pidfd is readable.
Latency kill(int processes);
// memcpy of kCopyBytes.
Latency copy(int copies);

// The argument under which main is to return at once, before it does anything else.
inline constexpr const char* kExitAtOnce = "--exit-at-once";

}  // namespace troupe::bench::floors
