// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>
#include <troupe/executor.hpp>

#include <utility>

#include "platform/fork_mark.hpp"
#include "pool/crew_options.hpp"

namespace troupe {

ProcessPoolExecutor::ProcessPoolExecutor(Runtime& runtime, const ExecutorOptions& options) {
  detail::CrewOptions crew = pool::crew_options({"ExecutorOptions::max_workers", options.max_workers},
                                                {"ExecutorOptions::max_tasks_per_child", options.max_tasks_per_child});
  crew.initializer = options.initializer.node();
  crew.is_strict = options.strict;
  crew.start = options.start;
  pool::set_upkeep(crew, {"ExecutorOptions", options.idle_timeout, options.max_memory_growth});
  crew_ = detail::CallCrew::start(detail::RuntimeAccess::session(runtime), crew);
}

ProcessPoolExecutor::~ProcessPoolExecutor() {
  if (platform::is_forked_child()) {
    pool::leave_to_parent(std::move(crew_));
    return;
  }
  shutdown();
}

void ProcessPoolExecutor::shutdown(bool wait, bool cancel_futures) {
  cancel_futures ? crew_->cancel_waiting() : crew_->close();
  if (wait) crew_->join();
}

// The same order as Python's: first nothing is taken any more, and what waits is cancelled.
void ProcessPoolExecutor::kill_workers() {
  shutdown(false, true);
  crew_->terminate();
}

void ProcessPoolExecutor::shut_down() {
  throw ExecutorShutdownError("the executor has been shut down, and takes nothing more; make another one");
}

}  // namespace troupe
