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
}  // namespace troupe::detail

namespace troupe::pool {
class ThreadCrew;
}

namespace troupe::detail {

// A thread of a crew's that waits, in a task, for other tasks of that crew.
class CrewWait {
 public:
  CrewWait() = default;
  virtual ~CrewWait() = default;
  CrewWait(const CrewWait&) = delete;
  CrewWait& operator=(const CrewWait&) = delete;

  // What it waits for is there, and the thread is about to go on. With the crew's mutex, as the next.
  virtual bool is_over() const noexcept = 0;
  // All of the crew's threads wait now.
  virtual void look_again() noexcept = 0;

 protected:
  bool is_known() const noexcept { return is_known_; }

 private:
  friend class pool::ThreadCrew;

  CrewWait* next_ = nullptr;  // guarded by the crew's mutex
  bool is_known_ = false;     // to the crew; changed, and read, by the thread that waits
};

// When a task is run by a thread that waits.
enum class RunHere : std::uint8_t {
  now,
  if_no_thread_could,  // for all of the crew's wait
};

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
  virtual void submit(std::vector<LocalTask*> tasks, std::size_t expected) = 0;

  // What follows, in a thread that runs a task of this and waits for others of it. A wait that the crew knows of counts against
  // the threads that could take a task.
  virtual void begin_wait(CrewWait& wait) noexcept = 0;
  virtual void end_wait(CrewWait& wait) noexcept = 0;
  // Runs the task here; the wait has ended then. False: nothing has happened, since a thread has begun with it, or could.
  virtual bool run_here(LocalTask& task, CrewWait& wait, RunHere when) = 0;
};

}  // namespace troupe::detail
