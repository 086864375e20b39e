// SPDX-License-Identifier: BSL-1.0
#include "pool/thread_crew.hpp"

#include <troupe/error.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

#include "platform/fork_mark.hpp"
#include "pool/crew_errors.hpp"

namespace troupe::detail {

std::shared_ptr<LocalCrew> LocalCrew::start(LocalCrewOptions options) {
  if (platform::is_forked_child())
    throw std::logic_error(
        "troupe: this process was forked from one that had used troupe, and can have no pool of threads; make it in that one");
  platform::watch_forks();
  auto crew = std::make_shared<pool::ThreadCrew>(std::move(options));
  crew->begin();
  return crew;
}

}  // namespace troupe::detail

namespace troupe::pool {

using client::CallbackThread;
using detail::LocalTask;

ThreadCrew::ThreadCrew(detail::LocalCrewOptions options)
    : options_(std::move(options)), workers_(static_cast<std::size_t>(options_.size)), wanted_(workers_.size()) {}

// No thread is left that does anything but end; one of them may be this.
ThreadCrew::~ThreadCrew() {
  for (Worker& each : workers_) {
    for (std::thread* thread : {&each.thread, &each.former}) {
      if (!thread->joinable()) continue;
      thread->get_id() == std::this_thread::get_id() ? thread->detach() : thread->join();
    }
  }
}

void ThreadCrew::submit(std::vector<LocalTask*> tasks, std::size_t expected) {
  const auto self = shared_from_this();  // here and below: a task, or what it holds, may destroy the pool meanwhile
  Lock lock = locked_to_submit(mutex_, tasks, [this] { check_takes(); });
  std::size_t items = 0;
  for (LocalTask* each : tasks) {
    items += each->item_count();
    each->is_waiting_ = true;
    backlog_.push_back(*each);
  }
  progress_.give(items, expected);
  const std::size_t woken = std::min(idle_, tasks.size());
  lock.unlock();
  for (std::size_t i = 0; i < woken; ++i) is_due_.notify_one();
}

void ThreadCrew::resize(std::size_t size) {
  check_process();
  const Lock lock(mutex_);
  check_takes();
  while (workers_.size() < size) workers_.emplace_back();
  for (std::uint32_t number = 0; number < size; ++number) {
    if (!workers_[number].is_live) start_thread(number);
  }
  wanted_ = size;
  is_due_.notify_all();
}

// With the lock held.
void ThreadCrew::check_takes() const {
  if (!broken_.empty()) throw BrokenExecutorError(broken_);
  if (phase_ != Phase::running) refuse_more();
}

void ThreadCrew::close() {
  check_process();
  const Lock lock(mutex_);
  if (phase_ == Phase::running) phase_ = Phase::closed;
  is_due_.notify_all();
}

void ThreadCrew::cancel_waiting() {
  check_process();
  const auto self = shared_from_this();
  Lock lock(mutex_);
  if (phase_ == Phase::running) phase_ = Phase::closed;
  is_due_.notify_all();
  give_up_backlog(lock, cancelled_by_shutdown);
}

// Allocates nothing before it has ended it.
void ThreadCrew::terminate() {
  check_process();
  const auto self = shared_from_this();
  Lock lock(mutex_);
  phase_ = Phase::terminated;
  is_due_.notify_all();
  give_up_backlog(lock, [] { return terminated(Execution::not_started); });
  while (LocalTask* const task = next_to_stop()) {
    task->has_been_told_ = true;
    task->add_reference();
    lock.unlock();
    task->ask_to_stop();
    task->drop_reference();
    lock.lock();
  }
}

// Null: all that run have been told.
LocalTask* ThreadCrew::next_to_stop() const noexcept {
  LocalTask* task = running_.newest();
  while (task != nullptr && task->has_been_told_) task = Tasks::before(*task);
  return task;
}

// With the lock held, but for what may run code of the user's. Each task has an error of its own.
void ThreadCrew::give_up_backlog(Lock& lock, const std::function<std::exception_ptr()>& make_error) {
  const CallbackThread::StandIn callbacks(callbacks_);
  while (LocalTask* const task = backlog_.pop_front()) {
    task->is_waiting_ = false;
    progress_.note(0, task->item_count());
    lock.unlock();
    task->fail(made(make_error));
    task->drop_reference();
    lock.lock();
  }
  tell_progress(lock);
}

void ThreadCrew::tell_progress(Lock& lock) {
  auto news = progress_.take_news();
  if (!news) return;
  lock.unlock();
  try {
    callbacks_.post(std::move(*news));
  } catch (const std::bad_alloc&) {  // the next ones tell the same, and more
  }
  lock.lock();
}

void ThreadCrew::join() {
  check_process();
  const auto self = shared_from_this();
  bool is_broken = false;
  {
    const Lock lock(mutex_);
    is_broken = phase_ == Phase::running && !broken_.empty();
    if (phase_ == Phase::running && !is_broken) refuse_to_join();
  }
  if (is_broken) terminate();  // that is all that can become of it
  if (is_in_own_task())
    throw WouldDeadlock("a task of the pool joins it, and would wait for its own end; close() or terminate() it, and return");
  if (CallbackThread::is_this_thread()) await_workers_in_callback();
  const std::lock_guard joining(join_mutex_);
  for (Worker& each : workers_) {
    for (;;) {  // it may have been replaced meanwhile
      Lock lock(mutex_);
      std::thread thread = std::move(each.thread);
      lock.unlock();
      if (!thread.joinable()) break;
      thread.join();
    }
  }
}

// What they do may take something that is queued behind this very callback.
void ThreadCrew::await_workers_in_callback() {
  CallbackThread::await_in_callback([this] {
    const Lock lock(mutex_);
    return !is_one_live();
  });
}

void ThreadCrew::on_progress(std::shared_ptr<detail::ProgressCallback> callback) {
  check_process();
  const Lock lock(mutex_);
  callback = progress_.tell(std::move(callback));  // the former one goes without the lock
}

void ThreadCrew::expect(std::ptrdiff_t items, int unknown) noexcept {
  if (platform::is_forked_child()) return;
  Lock lock(mutex_);
  if (progress_.expect(items, unknown)) tell_progress(lock);
}

}  // namespace troupe::pool
