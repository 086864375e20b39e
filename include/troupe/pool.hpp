// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/call_work.hpp>
#include <troupe/detail/worker_initializer.hpp>
#include <troupe/options.hpp>
#include <troupe/pool_verbs.hpp>
#include <troupe/runtime.hpp>
#include <troupe/thread_pool.hpp>
#include <troupe/timeout.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace troupe {

struct PoolOptions {
  std::optional<int> processes{};  // absent: the processors that this process may use (affinity, cgroup)
  detail::WorkerInitializer initializer =
      {};  // fn<&f>, or a lambda without captures: run once by each worker, before its first task
  std::optional<int> max_tasks_per_child{};  // then it is replaced; a chunk counts as one. Absent: never
  bool strict = false;                       // the first worker that dies ends the pool, as BrokenExecutorError says
  StartMethod start = StartMethod::forkserver;
  // A worker that has had nothing to do for so long ends, and is started again when there is. Absent: it stays.
  Timeout idle_timeout = {};
  // A worker whose own memory has grown by more bytes than this since it was initialized is replaced, when it has done what it
  // does; looked at every 100 ms as long as it works. Absent: it may grow.
  std::optional<std::uint64_t> max_memory_growth{};
};

// Worker processes that run functions: multiprocessing's Pool, but that nothing hangs. A task goes to the worker that has the
// least to do, and does not wait behind a slow one while another worker is idle. When a worker's process dies, the task that it
// ran fails with WorkerDiedError, what it had not begun goes elsewhere, and it is replaced. Where
// that fails, too (no process can be started, or its initializer throws or dies), it is tried again after a pause that doubles
// from 100 ms; after five attempts in a row, some 1.5 s, what is missing is given up until resize(), and a pool that has no
// worker left is broken: what waits fails with BrokenExecutorError, as does what it is given then. A function is one as in
// apply<&f>(…), a lambda without captures, or fn<&f>; what it takes and gives crosses between processes (SerializationError).
// terminate() kills the workers, and what they do fails with PoolTerminated, too. Destroyed, it terminates and joins. The verbs:
// PoolVerbs.
class Pool : public PoolVerbs<detail::CallWork> {
 public:
  // Blocks: until each worker has been initialized. Errors: what the initializer throws, then none is left; StartError;
  // std::invalid_argument, which names the option.
  explicit Pool(Runtime& runtime, const PoolOptions& options = {});

  // Of the workers' processes, as they are now.
  std::vector<int> pids() const { return crew().pids(); }
};

}  // namespace troupe
