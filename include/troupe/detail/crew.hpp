// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/progress.hpp>

#include <cstddef>
#include <memory>

namespace troupe::detail {

// The workers of one pool, and what they still have to do. What a task is, and what a worker, is left to those that derive from
// this. Thread-safety: full. Ownership: shared; the tasks have a part of it.
class Crew {
 public:
  virtual ~Crew() = default;

  // Takes nothing more; ends when all is done.
  virtual void close() = 0;
  // The same, and what no worker has begun with is cancelled.
  virtual void cancel_waiting() = 0;
  // Ends now: what no worker has begun with fails with PoolTerminated. Returns at once.
  virtual void terminate() = 0;
  // Blocks: until the workers have ended. Errors: PoolStateError unless it is closed or terminated.
  virtual void join() = 0;
  // Whether this thread is one of its workers, which join() would wait for.
  virtual bool is_in_own_task() const { return false; }
  // After join(). Blocks: until all callbacks have run that it runs itself; but not in one of them.
  virtual void finish_callbacks() {}
  // From now on, every 100 ms at the most, and when all is done.
  virtual void on_progress(std::shared_ptr<ProgressCallback> callback) = 0;
  // So many more items will be submitted, as expected, or fewer; and so many more ranges of which nobody knows how many items
  // they have, or fewer. For the progress alone.
  virtual void expect(std::ptrdiff_t items, int unknown) noexcept = 0;
  // From now on it wants so many workers, at least 1. Returns at once. Errors: PoolStateError when it takes nothing more,
  // BrokenExecutorError.
  virtual void resize(std::size_t size) = 0;
  // How many it wants.
  virtual std::size_t size() const = 0;
};

// How many a pool has that does not say.
int usable_processors();

}  // namespace troupe::detail
