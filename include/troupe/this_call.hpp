// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>

namespace troupe {

// The call that an actor's method is running for; or the task that a thread of a pool runs. Thread-safety: a value, for the
// thread that runs the method; the token as any std::stop_token.
class ThisCall {
 public:
  // Set when the caller cancels (AsyncResult::cancel). A method that then gives up by throwing CancelledError leaves the caller
  // with a CancelledError; what else it returns or throws arrives as always. Stop callbacks run in a thread of the runtime. Of a
  // task: set, too, when its pool is terminated; stop callbacks run where that, or cancel(), was called.
  // Errors: std::system_error (no thread can be started), the first time.
  std::stop_token stop_token() const;

  // When the caller stops waiting; none: it does not. Calls that the method makes itself, in its thread, end then at the latest.
  std::optional<std::chrono::steady_clock::time_point> deadline() const;

 private:
  friend ThisCall this_call();
  ThisCall() = default;
};

// In an actor's method, in the thread that runs it; of one that is a coroutine, in all its parts and whatever else its executor
// runs; in a task of a ThreadPool or ThreadPoolExecutor. Errors: std::logic_error elsewhere.
ThisCall this_call();

}  // namespace troupe
