// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/call_work.hpp>
#include <troupe/detail/worker_initializer.hpp>
#include <troupe/executor_verbs.hpp>
#include <troupe/options.hpp>
#include <troupe/runtime.hpp>
#include <troupe/thread_executor.hpp>
#include <troupe/timeout.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace troupe {

struct ExecutorOptions {
  std::optional<int> max_workers{};            // absent: the processors that this process may use (affinity, cgroup)
  detail::WorkerInitializer initializer = {};  // as PoolOptions'
  std::optional<int> max_tasks_per_child{};    // likewise
  bool strict = false;                         // the first worker that dies breaks the executor
  StartMethod start = StartMethod::forkserver;
  Timeout idle_timeout = {};                         // as PoolOptions'
  std::optional<std::uint64_t> max_memory_growth{};  // likewise
};

// concurrent.futures' ProcessPoolExecutor, over the workers of a Pool (which see, also for the functions that it takes). A worker
// that dies fails its own task (WorkerDiedError), and is replaced. The verbs: ExecutorVerbs.
class ProcessPoolExecutor : public ExecutorVerbs<detail::CallWork> {
 public:
  // Blocks, errors: as Pool's.
  explicit ProcessPoolExecutor(Runtime& runtime, const ExecutorOptions& options = {});

  // As shutdown() without waiting, and with what is under way: that fails with PoolTerminated (a BrokenExecutorError). The
  // workers get SIGKILL in both cases: a task that has been given up has nothing to tidy.
  void terminate_workers() { kill_workers(); }
  void kill_workers();

  std::vector<int> pids() const { return crew().pids(); }
};

}  // namespace troupe
