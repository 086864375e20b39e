// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace troupe {

namespace detail {
class LocalTask;
}

// What this thread runs methods for, if it is an actor's; or which task it runs, if it is a thread pool's.
struct Serving {
  std::uint64_t actor_key = 0;           // half of its key; 0: none. Its calls run one at a time, all in this thread
  const void* one_turn = nullptr;        // where the coroutine runs that its actor waits for (OneTurn); null: there is none
  std::int64_t deadline_ns = INT64_MAX;  // when the call that runs ends for its caller, by the steady clock: what the method
                                         // calls in turn ends then at the latest
  detail::LocalTask* task = nullptr;
};
inline thread_local constinit Serving serving;

}  // namespace troupe
