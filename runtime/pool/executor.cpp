// SPDX-License-Identifier: BSL-1.0
#include <troupe/executor.hpp>

#include "pool/crew_options.hpp"

namespace troupe {

namespace {

std::shared_ptr<detail::CallCrew> started(Runtime& runtime, const ExecutorOptions& options) {
  auto crew = pool::crew_options<detail::CrewOptions>({"ExecutorOptions::max_workers", options.max_workers},
                                                      {"ExecutorOptions::max_tasks_per_child", options.max_tasks_per_child});
  crew.initializer = options.initializer.node();
  crew.is_strict = options.strict;
  crew.start = options.start;
  pool::set_upkeep(crew, {"ExecutorOptions", options.idle_timeout, options.max_memory_growth});
  return detail::CallCrew::start(detail::RuntimeAccess::session(runtime), crew);
}

std::shared_ptr<detail::LocalCrew> started(const ThreadExecutorOptions& options) {
  auto crew =
      pool::crew_options<detail::LocalCrewOptions>({"ThreadExecutorOptions::max_workers", options.max_workers},
                                                   {"ThreadExecutorOptions::max_tasks_per_child", options.max_tasks_per_child});
  crew.initializer = options.initializer;
  crew.thread_name_prefix = options.thread_name_prefix;
  return detail::LocalCrew::start(crew);
}

}  // namespace

ProcessPoolExecutor::ProcessPoolExecutor(Runtime& runtime, const ExecutorOptions& options)
    : ExecutorVerbs(started(runtime, options)) {}

ThreadPoolExecutor::ThreadPoolExecutor(const ThreadExecutorOptions& options) : ExecutorVerbs(started(options)) {}

// The same order as Python's: first nothing is taken any more, and what waits is cancelled.
void ProcessPoolExecutor::kill_workers() {
  shutdown(false, true);
  crew().terminate();
}

}  // namespace troupe
