// SPDX-License-Identifier: BSL-1.0
// What a crew's own thread does: its workers' lives, and what was not answered.
#include <troupe/detail/spawn.hpp>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "client/callback_thread.hpp"
#include "client/cell_status.hpp"
#include "client/link.hpp"
#include "client/session.hpp"
#include "platform/process_memory.hpp"
#include "pool/crew_errors.hpp"
#include "pool/process_crew.hpp"

namespace troupe::pool {

using detail::CallTask;
using detail::PoolWorker;
using detail::ResultCell;

namespace {

constexpr int kMostFailuresInARow = 5;

int pid_of(ResultCell& call) { return client::CellAccess::channel(call)->actor().pid; }

// The death of a worker as its pool tells of it.
std::exception_ptr in_pool_words(const std::exception_ptr& error, int pid) {
  try {
    std::rethrow_exception(error);
  } catch (const ActorDied& death) {
    return std::make_exception_ptr(WorkerDiedError(death.what(), pid, death));
  } catch (...) {
    return error;
  }
}

}  // namespace

// The result is there: the crew's thread looks at it.
template <class T>
void ProcessCrew::tell_when_there(const AsyncResult<T>& result) {
  class Notice final : public detail::Callback {
   public:
    explicit Notice(std::weak_ptr<ProcessCrew> crew) : crew_(std::move(crew)) {}
    bool note(ResultCell&) noexcept override {
      if (const auto crew = crew_.lock()) {
        const Lock lock(crew->mutex_);
        crew->wake();
      }
      drop();
      return true;
    }
    void run(ResultCell&) override {}  // never: note() says that that was all
    bool is_waiter() const noexcept override { return true; }

   private:
    const std::weak_ptr<ProcessCrew> crew_;
  };
  detail::ResultAccess::cell(result).add_callback(new Notice(weak_from_this()));
}

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
  for (std::size_t number = 0; number < workers_.size(); ++number) look_after(lock, workers_[number]);
  if (phase_ == Phase::terminated || !broken_.empty()) {
    kill_all();
    fail_backlog(lock);
  } else {
    if (cancels_waiting_) cancel_what_waits(lock);
    recall_from_unwanted(lock);
    assign(lock);
    recall_for_idle(lock);
  }
  tell_progress(lock);
  end_if_done();
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
    if (options_.is_strict && phase_ != Phase::terminated) break_down(death.what());
    if (death.execution() == Execution::not_started && may_run_again()) return true;
    const bool is_end = !may_run_again();
    const std::exception_ptr end = is_end ? ending_error(death.execution()) : nullptr;
    lock.unlock();
    task.fail(is_end ? end : std::make_exception_ptr(WorkerDiedError(death.what(), pid_of(call), death)));
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

void ProcessCrew::tell_to_end(const Worker& worker, End how) { farewells_.push_back({worker.proxy, how}); }

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

// Nothing can be asked of it any more, though it may live.
void ProcessCrew::give_up_worker(const CallTask& task) {
  const Lock lock(mutex_);
  Worker& worker = workers_[task.worker_];
  if (worker.life == task.life_) tell_to_end(worker, End::by_force);
  note_death(task.worker_, task.life_);
}

void ProcessCrew::break_down(const std::string& why) {
  if (broken_.empty()) broken_ = "the pool is broken: " + why;
  if (!has_been_ready_ && first_error_ == nullptr) {
    first_error_ = std::make_exception_ptr(BrokenExecutorError(broken_));
    phase_ = Phase::terminated;
    has_begun_.notify_all();
  }
  wake();
}

// Without the lock: who looks may read the channel, and tell others of their results.
template <class T>
bool ProcessCrew::is_there(Lock& lock, AsyncResult<T> result) {
  lock.unlock();
  const bool is_there = !result.valid() || result.ready();
  lock.lock();
  return is_there && result.valid();
}

void ProcessCrew::look_after(Lock& lock, Worker& worker) {
  using State = Worker::State;
  if (worker.state == State::starting && is_there(lock, worker.started)) take_started(lock, worker);
  if (worker.state == State::initializing && is_there(lock, worker.initialized)) take_initialized(lock, worker);
  if (worker.has_died && worker.task_count == 0 && (worker.state == State::ready || worker.state == State::leaving)) {
    await_end_of(worker);
    if (options_.is_strict && phase_ != Phase::terminated) break_down("one of its workers died");
  }
  if (worker.state == State::ready && is_unwanted(worker)) worker.state = State::leaving;
  if (worker.state == State::leaving && worker.task_count == 0) leave(worker);
  rest_if_idle(worker);
  if (worker.state == State::dead && is_to_live(worker)) start_life(lock, worker);
}

void ProcessCrew::start_life(Lock& lock, Worker& worker) {
  say_farewells(lock);  // to its former life first
  ++worker.life;
  worker.has_died = worker.is_killed = worker.is_resting = worker.has_outgrown = false;
  worker.taken = worker.taken_at_look = 0;
  worker.state = Worker::State::starting;
  lock.unlock();
  AsyncResult<Proxy<PoolWorker>> started;
  std::exception_ptr error;
  try {
    started = detail::start_actor<PoolWorker>({*session_, spawn_options_});
    tell_when_there(started);
  } catch (const std::exception&) {  // no memory, no handles
    error = std::current_exception();
  }
  lock.lock();
  if (error != nullptr) return fail_to_start(worker, error);
  worker.started = started;
  wake();  // it may have come meanwhile
}

void ProcessCrew::take_started(Lock& lock, Worker& worker) {
  const std::uint64_t life = worker.life;
  const auto started = std::exchange(worker.started, {});
  lock.unlock();
  const std::exception_ptr error = started.exception();
  lock.lock();
  if (error != nullptr) return fail_to_start(worker, error);
  const Proxy<PoolWorker>& proxy = started.get();
  worker.proxy = proxy;
  worker.state = Worker::State::initializing;
  lock.unlock();
  AsyncResult<void> initialized;
  std::exception_ptr trouble;
  try {
    initialized = initialize(proxy, worker.number, life);
  } catch (const std::exception&) {  // no memory, no handles
    trouble = std::current_exception();
  }
  lock.lock();
  worker.initialized = initialized;
  wake();  // it may have come meanwhile
  if (trouble == nullptr) return;
  leave(worker);
  fail_to_start(worker, trouble);
}

// Without the lock.
AsyncResult<void> ProcessCrew::initialize(const Proxy<PoolWorker>& proxy, std::uint32_t number, std::uint64_t life) {
  AsyncResult<void> initialized;
  proxy.on_down([crew = weak_from_this(), number, life] {
    if (const auto self = crew.lock()) {
      const Lock its_lock(self->mutex_);
      self->note_death(number, life);
    }
  });
  client::Link& link = *detail::ProxyAccess::link(proxy).get();
  link.channel().have_loop_watch();  // here, where that may fail
  if (options_.initializer != nullptr) {
    initialized = detail::send_call<void>(link, *options_.initializer, nullptr);
  } else {
    Promise<void> nothing_to_do;
    nothing_to_do.set_value();
    initialized = nothing_to_do.result();
  }
  tell_when_there(initialized);
  return initialized;
}

void ProcessCrew::take_initialized(Lock& lock, Worker& worker) {
  const auto initialized = std::exchange(worker.initialized, {});
  lock.unlock();
  const std::exception_ptr error = initialized.exception();  // decoded by code of the user's, perhaps
  if (options_.memory_growth) worker.first_bytes = platform::own_bytes_of(worker.proxy.pid());
  lock.lock();
  if (error == nullptr) return become_ready(worker);
  leave(worker);
  fail_to_start(worker, in_pool_words(error, worker.proxy.pid()));
}

void ProcessCrew::become_ready(Worker& worker) {
  worker.state = Worker::State::ready;
  worker.since = Clock::now();
  failures_in_a_row_ = 0;
  if (has_been_ready_) return;
  for (const Worker& each : workers_) {
    if (each.state != Worker::State::ready) return;
  }
  has_been_ready_ = true;
  has_begun_.notify_all();
}

// Nobody starts processes for ever that end at once.
void ProcessCrew::fail_to_start(Worker& worker, const std::exception_ptr& error) {
  worker.state = Worker::State::dead;
  if (!has_been_ready_) {
    worker.state = Worker::State::given_up;
    if (first_error_ == nullptr) first_error_ = error;
    phase_ = Phase::terminated;
    has_begun_.notify_all();
    return wake();
  }
  wake();
  if (++failures_in_a_row_ < kMostFailuresInARow) return;
  worker.state = Worker::State::given_up;
  for (const Worker& each : workers_) {
    if (each.state != Worker::State::given_up && !is_surplus(each)) return;
  }
  break_down("its workers cannot be started any more: " + text_of(error));
}

// It ends by itself, when it has read this.
void ProcessCrew::leave(Worker& worker) {
  tell_to_end(worker, End::by_itself);
  await_end_of(worker);
}

void ProcessCrew::await_end_of(Worker& worker) {
  worker.state = Worker::State::dead;
  std::erase_if(leavers_, [](const auto& each) { return each.wait(std::chrono::seconds(0)).has_value(); });
  leavers_.push_back(worker.proxy);
}

void ProcessCrew::kill_all() {
  for (Worker& each : workers_) {
    using State = Worker::State;
    const bool has_process = each.state == State::ready || each.state == State::leaving || each.state == State::initializing;
    if (!has_process || each.is_killed) continue;
    tell_to_end(each, End::by_force);
    each.is_killed = true;
  }
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

void ProcessCrew::tell_progress(Lock& lock) {
  auto news = progress_.take_news();
  if (!news) return;
  lock.unlock();
  session_->callbacks().post(std::move(*news));
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
