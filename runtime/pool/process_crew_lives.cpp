// SPDX-License-Identifier: BSL-1.0
// The lives of a crew's workers: each is started, initialized, told to end, and started again.
#include <troupe/detail/spawn.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include "client/link.hpp"
#include "client/session.hpp"
#include "platform/process_memory.hpp"
#include "pool/crew_errors.hpp"
#include "pool/process_crew.hpp"

namespace troupe::pool {

using detail::PoolWorker;
using detail::ResultCell;

namespace {

// The death of a worker as its pool tells of it. How it ended is found out by who asks the error for its text.
std::exception_ptr in_pool_words(const std::exception_ptr& error, int pid) {
  try {
    std::rethrow_exception(error);
  } catch (const ActorDied& death) {
    return std::make_exception_ptr(WorkerDiedError(worker_with(1), pid, death));
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

void ProcessCrew::tell_to_end(const Worker& worker, End how) { farewells_.push_back({worker.proxy, how}); }

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
    if (options_.is_strict && phase_ != Phase::terminated) break_down(broken("one of its workers died"));
  }
  if (worker.state == State::ready && is_unwanted(worker)) worker.state = State::leaving;
  if (worker.state == State::leaving && worker.task_count == 0) leave(worker);
  if (worker.state == State::dead && is_needed(worker) && Clock::now() >= next_attempt()) start_life(lock, worker);
}

void ProcessCrew::start_life(Lock& lock, Worker& worker) {
  say_farewells(lock);  // to its former life first
  ++worker.life;
  worker.born = Clock::now();
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
  const std::exception_ptr told = error == nullptr ? nullptr : in_pool_words(error, worker.proxy.pid());
  if (options_.memory_growth) worker.first_bytes = platform::own_bytes_of(worker.proxy.pid());
  lock.lock();
  if (error == nullptr) return become_ready(worker);
  leave(worker);
  fail_to_start(worker, told);
}

void ProcessCrew::become_ready(Worker& worker) {
  worker.state = Worker::State::ready;
  worker.since = Clock::now();
  if (attempts_.note_started()) wake();
  if (has_been_ready_) return;
  for (const Worker& each : workers_) {
    if (each.state != Worker::State::ready) return;
  }
  has_been_ready_ = true;
  has_begun_.notify_all();
}

// Nobody starts processes for ever that end at once, nor one after the other without a pause: what keeps them from starting may
// pass.
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
  if (!may_run_again()) return;  // it was ended while it started
  if (attempts_.note_failed(worker.born, Clock::now()) == StartAttempts::Verdict::give_up) give_up_what_is_missing(error);
}

// Who rests is tried when there is something to do, as long as that need not wait for it.
void ProcessCrew::give_up_what_is_missing(const std::exception_ptr& error) {
  using State = Worker::State;
  bool is_one_left = false;
  for (Worker& each : workers_) {
    if (each.state == State::dead && !each.is_resting) each.state = State::given_up;
    if (each.state != State::given_up && each.state != State::dead && !is_surplus(each)) is_one_left = true;
  }
  if (!is_one_left) break_down(without_workers(error));
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

}  // namespace troupe::pool
