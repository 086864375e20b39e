// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>
#include <troupe/pool.hpp>

#include <fmt/core.h>

#include <stdexcept>
#include <utility>

#include "platform/fork_mark.hpp"
#include "pool/crew_options.hpp"

namespace troupe {

Pool::Pool(Runtime& runtime, const PoolOptions& options) {
  detail::CrewOptions crew = pool::crew_options({"PoolOptions::processes", options.processes},
                                                {"PoolOptions::max_tasks_per_child", options.max_tasks_per_child});
  crew.initializer = options.initializer.node();
  crew.is_strict = options.strict;
  crew.start = options.start;
  pool::set_upkeep(crew, {"PoolOptions", options.idle_timeout, options.max_memory_growth});
  crew_ = detail::CallCrew::start(detail::RuntimeAccess::session(runtime), crew);
}

Pool::~Pool() {
  if (platform::is_forked_child()) {
    pool::leave_to_parent(std::move(crew_));
    return;
  }
  crew_->terminate();
  crew_->join();
}

void Pool::resize(int processes) {
  if (processes < 1) throw std::invalid_argument(fmt::format("a pool of {} processes is none; it must be 1 or more", processes));
  crew_->resize(processes);
}

namespace detail {

std::size_t checked_chunksize(std::ptrdiff_t chunksize) {
  if (chunksize < 1) throw std::invalid_argument(fmt::format("chunksize is {}; it must be 1 or more", chunksize));
  return static_cast<std::size_t>(chunksize);
}

std::size_t default_chunksize(std::size_t item_count, std::size_t worker_count) {
  const std::size_t chunks = 4 * worker_count;
  return std::max<std::size_t>(1, (item_count + chunks - 1) / chunks);
}

Unsent::~Unsent() {
  for (CallTask* each : tasks_) {
    each->fail(std::make_exception_ptr(CancelledError("another part of the work cannot be sent")));
    each->drop_reference();
  }
}

}  // namespace detail
}  // namespace troupe
