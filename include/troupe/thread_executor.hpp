// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/local_work.hpp>
#include <troupe/executor_verbs.hpp>

#include <functional>
#include <optional>
#include <string>

namespace troupe {

struct ThreadExecutorOptions {
  std::optional<int> max_workers{};     // absent: the processors that this process may use; Python's has up to 4 more
  std::function<void()> initializer{};  // as ThreadPoolOptions', like the rest
  std::optional<int> max_tasks_per_child{};
  std::string thread_name_prefix{};
};

// concurrent.futures' ThreadPoolExecutor, over the threads of a ThreadPool (which see). All of them are there from the start.
// Destroyed by one of its own threads it does not wait for that. The verbs: ExecutorVerbs.
class ThreadPoolExecutor : public ExecutorVerbs<detail::LocalWork> {
 public:
  // Blocks, errors: as ThreadPool's.
  explicit ThreadPoolExecutor(const ThreadExecutorOptions& options = {});
};

}  // namespace troupe
