// SPDX-License-Identifier: BSL-1.0
#include <troupe/pool.hpp>

#include "pool/crew_options.hpp"

namespace troupe {

namespace {

std::shared_ptr<detail::CallCrew> started(Runtime& runtime, const PoolOptions& options) {
  auto crew = pool::crew_options<detail::CrewOptions>({"PoolOptions::processes", options.processes},
                                                      {"PoolOptions::max_tasks_per_child", options.max_tasks_per_child});
  crew.initializer = options.initializer.node();
  crew.is_strict = options.strict;
  crew.start = options.start;
  pool::set_upkeep(crew, {"PoolOptions", options.idle_timeout, options.max_memory_growth});
  return detail::CallCrew::start(detail::RuntimeAccess::session(runtime), crew);
}

std::shared_ptr<detail::LocalCrew> started(const ThreadPoolOptions& options) {
  auto crew = pool::crew_options<detail::LocalCrewOptions>(
      {"ThreadPoolOptions::threads", options.threads}, {"ThreadPoolOptions::max_tasks_per_child", options.max_tasks_per_child});
  crew.initializer = options.initializer;
  crew.thread_name_prefix = options.thread_name_prefix;
  return detail::LocalCrew::start(crew);
}

}  // namespace

Pool::Pool(Runtime& runtime, const PoolOptions& options) : PoolVerbs(started(runtime, options)) {}

ThreadPool::ThreadPool(const ThreadPoolOptions& options) : PoolVerbs(started(options)) {}

}  // namespace troupe
