// SPDX-License-Identifier: BSL-1.0
// Threads of a crew that wait for its tasks, and what they run meanwhile.
#include <algorithm>

#include "pool/thread_crew.hpp"

namespace troupe::pool {

using detail::CrewWait;
using detail::RunHere;

void ThreadCrew::begin_wait(CrewWait& wait) noexcept {
  const Lock lock(mutex_);
  wait.is_known_ = true;
  wait.next_ = waits_;
  waits_ = &wait;
  tell_if_all_wait();
}

void ThreadCrew::end_wait(CrewWait& wait) noexcept {
  const Lock lock(mutex_);
  forget(wait);
}

// With the lock held.
void ThreadCrew::forget(CrewWait& wait) noexcept {
  CrewWait** place = &waits_;
  while (*place != &wait) place = &(*place)->next_;
  *place = wait.next_;
  wait.is_known_ = false;
}

// With the lock held: no thread will take a task, but those that wait. One whose wait is over goes on, and one that starts will.
bool ThreadCrew::do_all_wait() const noexcept {
  auto awake = std::count_if(workers_.begin(), workers_.end(), [](const Worker& each) { return each.is_live; });
  for (const CrewWait* each = waits_; each != nullptr; each = each->next_) {
    if (each->is_over()) return false;
    --awake;
  }
  return awake == 0;
}

// With the lock held: those that have something to choose from may choose now.
void ThreadCrew::tell_if_all_wait() noexcept {
  if (waits_ == nullptr || !do_all_wait()) return;
  for (CrewWait* each = waits_; each != nullptr; each = each->next_) each->look_again();
}

// The task runs as any other, but for the thread that it runs in.
bool ThreadCrew::run_here(detail::LocalTask& task, CrewWait& wait, RunHere when) {
  Lock lock(mutex_);
  if (!task.is_waiting_ || (when == RunHere::if_no_thread_could && !do_all_wait())) return false;
  if (wait.is_known_) forget(wait);
  task.is_waiting_ = false;
  backlog_.remove(task);
  run(lock, task);
  return true;
}

}  // namespace troupe::pool
