// SPDX-License-Identifier: BSL-1.0
// How many workers a crew has: they rest when there is nothing to do, make room when fewer are wanted, and are replaced when
// they have grown too large. Decided by the crew's thread, which looks again in time.
#include <troupe/detail/call_task.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

#include "platform/process_memory.hpp"
#include "pool/crew_errors.hpp"
#include "pool/process_crew.hpp"

namespace troupe::pool {

namespace {

constexpr std::chrono::milliseconds kBetweenLooks(100);  // at the memory
constexpr std::chrono::milliseconds kShortestSleep(1);

}  // namespace

void ProcessCrew::resize(std::size_t size) {
  check_process();
  const Lock lock(mutex_);
  check_takes();
  while (workers_.size() < size) workers_.emplace_back(static_cast<std::uint32_t>(workers_.size()));
  for (Worker& each : workers_) {
    if (each.state == Worker::State::given_up) each.state = Worker::State::dead;  // another try: the others may go
  }
  attempts_.forget();
  wanted_ = size;
  wake();
}

// From when on one more may be started.
ProcessCrew::Clock::time_point ProcessCrew::next_attempt() const {
  using State = Worker::State;
  std::optional<Clock::time_point> latest;
  for (const Worker& each : workers_) {
    if (each.state == State::starting || each.state == State::initializing) latest = std::max(latest, std::optional(each.born));
  }
  return attempts_.next(latest);
}

// When one that is to live again can be started.
ProcessCrew::Clock::time_point ProcessCrew::next_start() const {
  const auto waits = [this](const Worker& each) { return each.state == Worker::State::dead && is_needed(each); };
  return std::any_of(workers_.begin(), workers_.end(), waits) ? next_attempt() : Clock::time_point::max();
}

// Whether one that is dead is to live again.
bool ProcessCrew::is_needed(const Worker& worker) const {
  using State = Worker::State;
  if (!may_run_again() || is_surplus(worker)) return false;
  if (!worker.is_resting) return phase_ == Phase::running || !has_nothing_to_do();
  const auto starts = [](const Worker& each) { return each.state == State::starting || each.state == State::initializing; };
  return waiting_count() > static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(), starts));
}

// The tasks that no worker runs; of those that no worker has, as many as there could be workers for.
std::size_t ProcessCrew::waiting_count() const {
  std::size_t count = 0;
  for (const Worker& each : workers_) count += std::max<std::size_t>(each.task_count, 1) - 1;
  const detail::CallTask* task = backlog_.oldest();
  for (std::size_t left = workers_.size(); left > 0 && task != nullptr; --left, task = backlog_.after(*task)) ++count;
  return count;
}

bool ProcessCrew::is_idle(const Worker& worker) const { return worker.state == Worker::State::ready && worker.task_count == 0; }

// When all that there is runs already. begin() waits for all of them.
void ProcessCrew::let_rest() {
  const bool has_work = waiting_count() != 0 || !unjudged_.empty();
  if (!options_.idle_timeout || !has_been_ready_ || phase_ != Phase::running || has_work) return;
  const auto now = Clock::now();
  for (Worker& each : workers_) {
    if (!is_idle(each) || each.has_died || now - each.since < *options_.idle_timeout) continue;
    leave(each);
    each.is_resting = true;
  }
}

bool ProcessCrew::is_memory_to_be_seen(const Worker& worker) const {
  const bool has_worked = worker.taken != worker.taken_at_look || worker.task_count != 0;
  return options_.memory_growth && worker.state == Worker::State::ready && worker.first_bytes != 0 && has_worked;
}

void ProcessCrew::look_at_memory(Lock& lock) {
  const auto now = Clock::now();
  if (!options_.memory_growth || now - memory_seen_ < kBetweenLooks) return;
  memory_seen_ = now;
  for (std::size_t number = 0; number < workers_.size(); ++number) {  // NOLINT(modernize-loop-convert): see look_round
    Worker& worker = workers_[number];
    if (!is_memory_to_be_seen(worker)) continue;
    worker.taken_at_look = worker.taken;
    lock.unlock();
    const std::uint64_t bytes = platform::own_bytes_of(worker.proxy.pid());  // its life is this thread's to end
    lock.lock();
    worker.has_outgrown = bytes > worker.first_bytes && bytes - worker.first_bytes > *options_.memory_growth;
  }
}

// What waits there need not.
void ProcessCrew::recall_from_unwanted(Lock& lock) {
  for (std::size_t number = 0; number < workers_.size(); ++number) {  // NOLINT(modernize-loop-convert): see look_round
    Worker& worker = workers_[number];
    if (worker.state == Worker::State::leaving && is_unwanted(worker) && worker.task_count > 1)
      recall(lock, recalls_from(worker, worker.task_count));
  }
}

// When the crew's thread has to look again though nobody wakes it; a busy worker may be idle at any time from now on.
ProcessCrew::Clock::time_point ProcessCrew::next_upkeep() const {
  auto next = Clock::time_point::max();
  if (phase_ != Phase::running || !has_been_ready_) return next;
  const auto now = Clock::now();
  for (const Worker& each : workers_) {
    if (is_memory_to_be_seen(each)) next = std::min(next, memory_seen_ + kBetweenLooks);
    if (!options_.idle_timeout || each.state != Worker::State::ready) continue;
    const auto idle_at = is_idle(each) ? each.since + *options_.idle_timeout : now + *options_.idle_timeout / 4;
    next = std::min(next, std::max(idle_at, now + kShortestSleep));
  }
  return next;
}

void ProcessCrew::sleep(Lock& lock) {
  const auto until = std::min(next_upkeep(), next_start());
  if (until != Clock::time_point::max()) {
    is_due_.wait_until(lock, until, [this] { return has_work_; });
    return;
  }
  sleeps_until_woken_ = true;
  is_due_.wait(lock, [this] { return has_work_; });
  sleeps_until_woken_ = false;
}

// Whether what has been given to the workers is a reason for the crew's thread to look.
bool ProcessCrew::is_somebody_to_look() const {
  if (!backlog_.empty() && under_way_ == 0) return true;  // nobody's reply will
  if (!has_upkeep()) return false;
  const auto rests = [](const Worker& each) { return each.is_resting; };
  return sleeps_until_woken_ || (std::any_of(workers_.begin(), workers_.end(), rests) && waiting_count() > 0);
}

}  // namespace troupe::pool
