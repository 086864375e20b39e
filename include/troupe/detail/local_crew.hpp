// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/crew.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

class LocalTask;

struct LocalCrewOptions {
  int size = 0;                                   // at least 1
  std::function<void()> initializer{};            // what each thread runs first; empty: nothing
  std::optional<std::uint64_t> tasks_per_life{};  // at least 1
  std::string thread_name_prefix{};               // empty: they are called like their maker
};

// Workers that are threads of this process. They take the tasks in their order. What a task runs is the user's, so that it may
// wait for another one of the same crew: that is then run where it is waited for, unless a thread has begun with it; so it does
// not matter how few they are. Callbacks of the results run in one more thread, in which one may wait for tasks, too.
class LocalCrew : public Crew {
 public:
  // Blocks: until each thread has been initialized. Errors: what an initializer throws, and then none is left; StartError.
  static std::shared_ptr<LocalCrew> start(LocalCrewOptions options);

  // Takes over a reference on each. Errors: PoolStateError when it takes nothing more; BrokenExecutorError; std::logic_error in
  // a forked child.
  virtual void submit(std::vector<LocalTask*> tasks) = 0;

 protected:
  friend class LocalTask;
  // In a thread that runs another task of this.
  virtual void run_here(LocalTask& task) = 0;
};

}  // namespace troupe::detail
