// SPDX-License-Identifier: BSL-1.0
// What a crew's own thread does: it looks after the workers, judges what was not answered, and takes back what waits in vain.
#include <troupe/error.hpp>

#include <chrono>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "client/callback_thread.hpp"
#include "client/cell_status.hpp"
#include "client/session.hpp"
#include "pool/crew_errors.hpp"
#include "pool/process_crew.hpp"

namespace troupe::pool {

using detail::CallTask;
using detail::ResultCell;

namespace {

int pid_of(ResultCell& call) { return client::CellAccess::channel(call)->actor().pid; }

}  // namespace

void ProcessCrew::drive() {
  session_->callbacks().stand_in_here();
  Lock lock(mutex_);
  while (phase_ != Phase::ended || !farewells_.empty()) {
    has_work_ = false;
    try {
      look_round(lock);
    } catch (const std::bad_alloc&) {  // it looks again
      if (!lock.owns_lock()) lock.lock();
      is_due_.wait_for(lock, std::chrono::milliseconds(1));
      continue;
    }
    if (phase_ != Phase::ended) sleep(lock);
  }
  lock.unlock();
  for (const auto& each : leavers_) each.wait();
}

void ProcessCrew::look_round(Lock& lock) {
  if (phase_ == Phase::ended) return say_farewells(lock);  // that could not be said before
  judge(lock);
  look_at_memory(lock);
  // By their numbers: there may be more of them meanwhile.
  for (std::size_t number = 0; number < workers_.size(); ++number)  // NOLINT(modernize-loop-convert)
    look_after(lock, workers_[number]);
  if (phase_ == Phase::terminated || broken_ != nullptr) {
    kill_all();
    fail_backlog(lock);
  } else {
    if (cancels_waiting_) cancel_what_waits(lock);
    recall_from_unwanted(lock);
    assign(lock);
    recall_for_idle(lock);
    let_rest();
  }
  end_if_done();
  tell_progress(lock);  // the last time, perhaps: see expect()
  say_farewells(lock);
}

void ProcessCrew::judge(Lock& lock) {
  while (CallTask* const task = unjudged_.pop_front()) {
    lock.unlock();
    const bool is_to_run_again = judge_one(*task);
    lock.lock();
    --under_way_;
    if (is_to_run_again) {
      wait_again(*task);
    } else {
      note_items(0, task->item_count());
      task->drop_reference();
    }
  }
}

// It goes before all that are younger. The worker that had it may have one more in its place.
void ProcessCrew::wait_again(CallTask& task) {
  task.wait_again();
  backlog_.insert_by_age(task);
  Worker& worker = workers_[task.worker_];
  if (worker.life != task.life_ || worker.taken == 0) return;
  --worker.taken;
  if (worker.state == Worker::State::leaving && !worker.has_died && !has_done_enough(worker)) worker.state = Worker::State::ready;
}

// Takes the lock. Whether it is to be done once more.
bool ProcessCrew::judge_one(CallTask& task) {
  ResultCell& call = *task.call_.load(std::memory_order_acquire);
  const bool was_recalled = std::exchange(task.is_recalled_, false);
  try {
    std::rethrow_exception(call.error());
  } catch (const ActorDied& death) {
    Lock lock(mutex_);
    note_death(task.worker_, task.life_);
    if (options_.is_strict && phase_ != Phase::terminated) break_down(broken(death.what()));
    if (death.execution() == Execution::not_started && may_run_again()) return true;
    const bool is_end = !may_run_again();
    const std::exception_ptr end = is_end ? ending_error(death.execution()) : nullptr;
    lock.unlock();
    task.fail(is_end ? end : std::make_exception_ptr(WorkerDiedError(worker_with(task.item_count()), pid_of(call), death)));
  } catch (const CancelledError&) {
    if (was_recalled && !is_cancelling()) return true;
    task.finish(call);
  } catch (const ProtocolError&) {
    if (client::CellAccess::channel(call)->has_fallen()) give_up_worker(task);
    task.finish(call);
  } catch (...) {
    task.finish(call);
  }
  return false;
}

bool ProcessCrew::is_cancelling() const {
  const Lock lock(mutex_);
  return cancels_waiting_;
}

// Nothing can be asked of it any more, though it may live.
void ProcessCrew::give_up_worker(const CallTask& task) {
  const Lock lock(mutex_);
  Worker& worker = workers_[task.worker_];
  if (worker.life == task.life_) tell_to_end(worker, End::by_force);
  note_death(task.worker_, task.life_);
}

void ProcessCrew::break_down(std::exception_ptr why) {
  if (broken_ == nullptr) broken_ = std::move(why);
  if (!has_been_ready_ && first_error_ == nullptr) {
    first_error_ = broken_;
    phase_ = Phase::terminated;
    has_begun_.notify_all();
  }
  wake();
}

// The youngest half of what waits behind the tasks of the busiest goes to who has nothing to do.
void ProcessCrew::recall_for_idle(Lock& lock) {
  Worker* busiest = nullptr;
  bool is_one_idle = false;
  for (Worker& each : workers_) {
    if (has_room(each) && each.task_count == 0) is_one_idle = true;
    if (each.task_count > 1 && (busiest == nullptr || each.task_count > busiest->task_count)) busiest = &each;
  }
  if (!is_one_idle || busiest == nullptr || !backlog_.empty()) return;
  recall(lock, recalls_from(*busiest, busiest->task_count / 2));
}

void ProcessCrew::recall(Lock& lock, const std::vector<Recall>& recalls) {
  lock.unlock();
  for (const auto& [task, call] : recalls) {
    if (!call->recall()) task->is_recalled_ = false;  // it runs, has run, or has been cancelled
    call->drop_reference();
    task->drop_reference();
  }
  lock.lock();
}

// With a reference on each: as long as a task is its worker's, the call has not been told of.
std::vector<ProcessCrew::Recall> ProcessCrew::recalls_from(Worker& worker, std::size_t most) {
  std::vector<Recall> recalls;
  recalls.reserve(most);
  CallTask* task = worker.tasks.newest();
  for (std::size_t left = most; left > 0 && task != nullptr; --left, task = TaskList<CallTask>::before(*task)) {
    ResultCell* const call = task->call_.load(std::memory_order_acquire);
    if (call == nullptr) has_missed_ = true;  // it is still being sent: whoever does that has this thread look again
    if (task->is_recalled_ || call == nullptr) continue;
    task->is_recalled_ = true;
    task->add_reference();
    call->add_reference();
    recalls.push_back({task, call});
  }
  return recalls;
}

// All that no worker has begun with, be it with one already.
void ProcessCrew::cancel_what_waits(Lock& lock) {
  fail_backlog(lock);
  for (Worker& each : workers_) {
    if (each.task_count > 1) recall(lock, recalls_from(each, each.task_count));
  }
}

void ProcessCrew::fail_backlog(Lock& lock) {
  while (CallTask* const task = backlog_.pop_front()) {
    const std::exception_ptr error = may_run_again() ? cancelled_by_shutdown() : ending_error(Execution::not_started);
    note_items(0, task->item_count());
    lock.unlock();
    task->fail(error);
    task->drop_reference();
    lock.lock();
  }
}

// The manager may take its time. Where there is none any more, nobody has to be told.
void ProcessCrew::say_farewells(Lock& lock) {
  for (; !farewells_.empty(); farewells_.pop_back()) {
    const Farewell each = farewells_.back();
    lock.unlock();
    try {
      each.how == End::by_itself ? each.worker.stop() : each.worker.kill();
    } catch (const Error&) {
    }
    lock.lock();
  }
}

void ProcessCrew::tell_progress(Lock& lock) {
  auto news = progress_.take_news();
  if (!news) return;
  lock.unlock();
  try {
    session_->callbacks().post(std::move(*news));
  } catch (const std::bad_alloc&) {  // the next ones tell the same, and more
  }
  lock.lock();
}

bool ProcessCrew::has_nothing_to_do() const { return backlog_.empty() && under_way_ == 0; }

void ProcessCrew::end_if_done() {
  using State = Worker::State;
  if (phase_ == Phase::running || !has_nothing_to_do()) return;
  for (const Worker& each : workers_) {
    if (each.task_count != 0 || each.state == State::starting || each.state == State::initializing) return;
  }
  for (Worker& each : workers_) {
    if (each.state == State::ready || each.state == State::leaving) leave(each);
  }
  phase_ = Phase::ended;
}

}  // namespace troupe::pool
