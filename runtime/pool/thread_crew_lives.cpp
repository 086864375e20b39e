// SPDX-License-Identifier: BSL-1.0
// What a crew's threads do, from the first of a worker's to the last. Where one is unwound by force (pthread_exit), g++ catches
// that by a reference to no object, which UBSan minds.
#include <cxxabi.h>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "base/serving.hpp"
#include "client/started_thread.hpp"
#include "platform/alternate_stack.hpp"
#include "platform/process_name.hpp"
#include "pool/crew_errors.hpp"
#include "pool/thread_crew.hpp"

namespace troupe::pool {

using detail::LocalTask;

namespace {

constexpr int kMostFailuresInARow = 5;

std::exception_ptr thread_ended(const char* who) {
  return std::make_exception_ptr(
      Error(fmt::format("{} has ended the thread that it ran in (pthread_exit, pthread_cancel); another takes its place", who)));
}

// This thread runs the task.
class Running {
 public:
  Running(LocalTask& task, LocalTask*& outer) : outer_(outer) { outer_ = std::exchange(serving.task, &task); }
  ~Running() { serving.task = std::exchange(outer_, nullptr); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  LocalTask*& outer_;
};

// What this thread is, if it is a crew's.
struct Life {
  const ThreadCrew* crew = nullptr;
  std::uint64_t done = 0;  // tasks, also those that it ran while it waited
};
thread_local constinit Life life;

}  // namespace

bool ThreadCrew::is_in_own_task() const { return life.crew == this; }

void ThreadCrew::begin() {
  Lock lock(mutex_);
  try {
    for (std::uint32_t number = 0; number < workers_.size(); ++number) start_thread(number);
  } catch (...) {
    first_error_ = std::current_exception();
  }
  has_begun_.wait(lock, [this] { return has_been_ready_ || first_error_ != nullptr; });
  if (first_error_ == nullptr) return;
  const std::exception_ptr error = first_error_;
  lock.unlock();
  terminate();
  join();
  std::rethrow_exception(error);
}

// With the lock held. Errors: StartError, and nothing has changed.
void ThreadCrew::start_thread(std::uint32_t number) {
  std::thread next = client::started_thread([self = shared_from_this(), number] { self->live(number); });
  Worker& worker = workers_[number];
  worker.former = std::exchange(worker.thread, std::move(next));
  worker.is_live = true;
}

// With the lock held, in the thread that is to be replaced. False: there can be no more threads.
bool ThreadCrew::replace(std::uint32_t number) {
  try {
    start_thread(number);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void ThreadCrew::live(std::uint32_t number) {
  life.crew = this;
  const client::CallbackThread::StandIn callbacks(callbacks_);  // what the thread still destroys of its own has none
  const platform::AlternateStack for_signals;                   // it runs what the user has written
  if (!options_.thread_name_prefix.empty()) name_thread(number);
  join_former(number);
  Lock lock(mutex_, std::defer_lock);
  if (has_initialized(lock, number)) work(lock, number);
}

// The system takes 15 bytes; the number is among them.
void ThreadCrew::name_thread(std::uint32_t number) const {
  constexpr std::size_t kMostBytes = 15;
  const std::string suffix = fmt::format("_{}", number);
  platform::set_thread_name(options_.thread_name_prefix.substr(0, kMostBytes - suffix.size()) + suffix);
}

void ThreadCrew::join_former(std::uint32_t number) {
  Lock lock(mutex_);
  std::thread former = std::move(workers_[number].former);
  lock.unlock();
  if (former.joinable()) former.join();
}

// Takes the lock, and keeps it.
__attribute__((no_sanitize("null"))) bool ThreadCrew::has_initialized(Lock& lock, std::uint32_t number) {
  try {
    if (options_.initializer) options_.initializer();
  } catch (abi::__forced_unwind&) {
    const std::exception_ptr error = thread_ended("the initializer");
    const std::string text = text_of(error);
    lock.lock();
    fail_to_initialize(lock, number, error, text);
    lock.unlock();
    throw;
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    const std::string text = text_of(error);  // here, where no lock is held
    lock.lock();
    fail_to_initialize(lock, number, error, text);
    return false;
  }
  lock.lock();
  failures_in_a_row_ = 0;
  if (has_been_ready_ || ++ready_ < workers_.size()) return true;
  has_been_ready_ = true;
  has_begun_.notify_all();
  return true;
}

// Nobody starts threads for ever that end at once. What is missing later has as many attempts.
void ThreadCrew::fail_to_initialize(Lock& lock, std::uint32_t number, const std::exception_ptr& error, const std::string& text) {
  if (!has_been_ready_) {
    leave(number);
    if (first_error_ == nullptr) first_error_ = error;
    has_begun_.notify_all();
    return;
  }
  if (is_ending()) return leave(number);
  if (++failures_in_a_row_ < kMostFailuresInARow && replace(number)) return;
  failures_in_a_row_ = 0;
  give_up_worker(lock, number, "its threads cannot be initialized any more: " + text);
}

// With the last of those that are wanted it is the end.
void ThreadCrew::give_up_worker(Lock& lock, std::uint32_t number, const std::string& why) {
  leave(number);
  const auto wanted = workers_.begin() + static_cast<std::ptrdiff_t>(wanted_);
  if (std::any_of(workers_.begin(), wanted, [](const Worker& each) { return each.is_live; })) return;
  try {
    broken_ = "the pool is broken: " + why;
  } catch (const std::bad_alloc&) {
    broken_ = "it is broken";  // needs no memory
  }
  give_up_backlog(lock, [this] { return std::make_exception_ptr(BrokenExecutorError(broken_)); });
}

// With the lock held, but while a task runs.
__attribute__((no_sanitize("null"))) void ThreadCrew::work(Lock& lock, std::uint32_t number) {
  try {
    while (LocalTask* const task = next(lock, number)) {
      run(lock, *task);
      const bool is_enough = options_.tasks_per_life && life.done >= *options_.tasks_per_life;
      if (is_enough && !is_ending() && number < wanted_ && replace(number)) return;
    }
  } catch (abi::__forced_unwind&) {  // by a task
    if (is_ending()) {
      leave(number);
    } else if (!replace(number)) {
      give_up_worker(lock, number, "there can be no more threads");
    }
    throw;
  }
}

// Null: the thread is not needed any more, and if there is to be another one, it is to be started.
LocalTask* ThreadCrew::next(Lock& lock, std::uint32_t number) {
  while (!is_ending() && number < wanted_) {
    if (LocalTask* const task = backlog_.pop_front()) {
      task->is_waiting_ = false;
      return task;
    }
    ++idle_;
    is_due_.wait(lock);
    --idle_;
  }
  leave(number);
  return nullptr;
}

// With the lock held. The last one, and callbacks may wait for it in join(), or a thread that waits is now the last that could
// run a task.
void ThreadCrew::leave(std::uint32_t number) noexcept {
  workers_[number].is_live = false;
  tell_if_all_wait();
  if (!is_one_live()) client::CallbackThread::signal();
}

bool ThreadCrew::is_one_live() const noexcept {
  return std::any_of(workers_.begin(), workers_.end(), [](const Worker& each) { return each.is_live; });
}

// With the lock held before and after, also when it leaves by unwinding; with a reference, which is dropped.
__attribute__((no_sanitize("null"))) void ThreadCrew::run(Lock& lock, LocalTask& task) {
  running_.push_back(task);
  lock.unlock();
  try {
    if (run_if_wanted(task)) ++life.done;
    note_end(lock, task);
  } catch (abi::__forced_unwind&) {
    task.fail(made([] { return thread_ended("the task"); }));
    note_end(lock, task);
    throw;
  }
}

bool ThreadCrew::run_if_wanted(LocalTask& task) {
  const Running running(task, task.outer_);
  const bool is_wanted = task.begin();
  if (is_wanted) {
    task.run();
  } else {
    task.fail(made(cancelled_before_begun));  // it has that outcome; what it would have run goes
  }
  return is_wanted;
}

void ThreadCrew::note_end(Lock& lock, LocalTask& task) {
  lock.lock();
  running_.remove(task);
  progress_.note(0, task.item_count());
  tell_progress(lock);
  lock.unlock();
  task.drop_reference();  // its value may go with it
  lock.lock();
}

}  // namespace troupe::pool
