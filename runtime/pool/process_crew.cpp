// SPDX-License-Identifier: BSL-1.0
#include "pool/process_crew.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "base/serving.hpp"
#include "client/callback_thread.hpp"
#include "client/cell_status.hpp"
#include "client/link.hpp"
#include "client/session.hpp"
#include "client/started_thread.hpp"
#include "platform/fork_mark.hpp"
#include "platform/processor.hpp"
#include "pool/crew_errors.hpp"

namespace troupe::detail {

std::shared_ptr<CallCrew> CallCrew::start(std::shared_ptr<client::Session> session, const CrewOptions& options) {
  auto crew = std::make_shared<pool::ProcessCrew>(std::move(session), options);
  crew->begin();
  return crew;
}

int usable_processors() { return static_cast<int>(platform::usable_processors()); }

}  // namespace troupe::detail

namespace troupe::pool {

using detail::CallTask;
using detail::ResultCell;

namespace {

constexpr CallOptions kNoDeadline{.deadline = Timeout()};

// A task is nobody's but its pool's: whoever sends it, for whatever call, it has not that one's deadline.
class NoDeadline {
 public:
  NoDeadline() : former_(std::exchange(serving.deadline_ns, wire::kNoDeadline)) {}
  ~NoDeadline() { serving.deadline_ns = former_; }
  NoDeadline(const NoDeadline&) = delete;
  NoDeadline& operator=(const NoDeadline&) = delete;

 private:
  const std::int64_t former_;
};

// Whether the call will tell the task; else its outcome is there already. The task stays whose it is.
bool is_added(ResultCell& call, CallTask& task) {
  std::unique_ptr<detail::Callback> waiter(&task);
  try {
    const bool is_added = call.try_add_callback(waiter);
    (void)waiter.release();
    return is_added;
  } catch (...) {
    (void)waiter.release();
    throw;
  }
}

}  // namespace

ProcessCrew::ProcessCrew(std::shared_ptr<client::Session> session, const detail::CrewOptions& options)
    : session_(std::move(session)),
      options_(options),
      spawn_options_{.start = options.start},
      wanted_(static_cast<std::size_t>(options.size)) {
  while (workers_.size() < wanted_) workers_.emplace_back(static_cast<std::uint32_t>(workers_.size()));
}

ProcessCrew::~ProcessCrew() {
  if (!thread_.joinable()) return;
  thread_.get_id() == std::this_thread::get_id() ? thread_.detach() : thread_.join();
}

void ProcessCrew::begin() {
  thread_ = client::started_thread([self = shared_from_this()] { self->drive(); });
  Lock lock(mutex_);
  has_begun_.wait(lock, [this] { return has_been_ready_ || first_error_ != nullptr; });
  if (has_been_ready_) return;
  phase_ = Phase::terminated;
  wake();
  const std::exception_ptr error = first_error_;
  lock.unlock();
  join();
  std::rethrow_exception(error);
}

void ProcessCrew::wake() noexcept {
  has_work_ = true;
  is_due_.notify_one();
}

// With the lock held, as all that follows unless it takes it.
void ProcessCrew::check_takes() const {
  if (broken_ != nullptr) std::rethrow_exception(broken_);
  if (phase_ != Phase::running) refuse_more();
}

void ProcessCrew::submit(std::vector<CallTask*> tasks, std::size_t expected) {
  Lock lock = locked_to_submit(mutex_, tasks, [this] { check_takes(); });
  std::size_t items = 0;
  for (CallTask* each : tasks) {
    each->crew_ = this;
    each->age_ = ++submitted_;
    items += each->item_count();
    backlog_.push_back(*each);
  }
  progress_.give(items, expected);
  assign(lock);
  if (is_somebody_to_look()) wake();
}

bool ProcessCrew::has_room(const Worker& worker) const {
  return worker.state == Worker::State::ready && !worker.has_died && !is_unwanted(worker) &&
         worker.task_count < work_time_.allowance();
}

// Null: none has room.
ProcessCrew::Worker* ProcessCrew::roomiest() {
  Worker* best = nullptr;
  for (Worker& each : workers_) {
    if (has_room(each) && (best == nullptr || each.task_count < best->task_count)) best = &each;
  }
  return best;
}

// Without the lock while it sends.
void ProcessCrew::assign(Lock& lock) {
  std::vector<Assigned> assigned;
  while (!backlog_.empty()) {
    Worker* const worker = roomiest();
    if (worker == nullptr) break;
    try {
      assigned.push_back({nullptr, detail::ProxyAccess::link(worker->proxy)});
    } catch (const std::bad_alloc&) {
      break;  // what has been collected goes out
    }
    CallTask& task = *backlog_.pop_front();
    assigned.back().task = &task;
    task.worker_ = worker->number;
    task.life_ = worker->life;
    if (worker->task_count++ == 0) worker->since = Clock::now();
    worker->tasks.push_back(task);
    ++worker->taken;
    if (has_done_enough(*worker)) worker->state = Worker::State::leaving;
    ++under_way_;
  }
  if (assigned.empty()) return;
  lock.unlock();
  for (const auto& each : assigned) send(each);
  lock.lock();
  if (std::exchange(has_missed_, false)) wake();
}

// Takes the lock. A call that cannot be sent has its outcome at once, and tells so as any other.
void ProcessCrew::send(const Assigned& assigned) noexcept {
  CallTask& task = *assigned.task;
  if (!task.begin()) return give_up(task, cancelled_before_begun());
  try {
    ResultCell& call = send_call_of(task, assigned.link);
    if (!is_added(call, task)) tell_late(task, call);
  } catch (const std::exception&) {  // no memory
    give_up(task, std::current_exception());
  }
}

// The outcome is there already. What may run code of the user's is not run here: this may be the reader of a channel.
void ProcessCrew::tell_late(CallTask& task, ResultCell& call) {
  detail::Callback& waiter = task;
  call.add_reference();
  if (!waiter.note(call)) {
    session_->callbacks().post(
        [&waiter, &call] {
          waiter.run(call);
          call.drop_reference();
          waiter.drop();
        },
        &call);
  } else {
    call.drop_reference();
  }
}

ResultCell& ProcessCrew::send_call_of(CallTask& task, const detail::LinkHandle& link) {
  const NoDeadline no_deadline;
  ResultCell& call = task.new_call();
  detail::CallWriter writer(*link.get(), task.node_, &kNoDeadline, &call);
  writer.queue_when_full();
  if (task.carrying_ != nullptr) {
    writer.send(*task.carrying_);
  } else if (std::byte* place = writer.reserve(task.argument_bytes_)) {
    if (task.argument_bytes_ != 0) std::memcpy(place, task.arguments(), task.argument_bytes_);
    writer.send();
  }
  task.set_call(call);
  task.call_.store(&call, std::memory_order_release);
  return call;
}

// With a reference on it, which is dropped.
void ProcessCrew::give_up(CallTask& task, std::exception_ptr error) noexcept {
  {
    const Lock lock(mutex_);
    Worker& worker = workers_[task.worker_];
    worker.tasks.remove(task);
    --worker.task_count;
    --under_way_;
    note_items(0, task.item_count());
    wake_if_due(worker);
  }
  task.fail(std::move(error));
  task.drop_reference();
}

void ProcessCrew::note_done(Worker& worker) noexcept {
  const auto now = Clock::now();
  work_time_.note(now - std::exchange(worker.since, now));
  --worker.task_count;
}

void ProcessCrew::note_items(std::size_t given, std::size_t done) noexcept {
  if (progress_.note(given, done)) wake();
}

void ProcessCrew::note_over(CallTask& task, bool is_answered) noexcept {
  const auto self = shared_from_this();  // a task that ends while more are sent may be the last
  Lock lock(mutex_);
  Worker& worker = workers_[task.worker_];
  worker.tasks.remove(task);
  note_done(worker);
  if (is_answered) {
    --under_way_;
    note_items(0, task.item_count());
    look_ahead(lock, worker);
  } else {
    unjudged_.push_back(task);
    wake();
  }
}

// Who has read that a worker has room sends it more, rather than having another thread woken for that.
void ProcessCrew::look_ahead(Lock& lock, const Worker& worker) noexcept {
  const bool wants_more = may_run_again() && has_room(worker) && worker.task_count <= work_time_.allowance() / 2;
  if (!wants_more || backlog_.empty()) return wake_if_due(worker);
  try {
    assign(lock);
  } catch (const std::bad_alloc&) {
    wake();
  }
}

// A worker has one task less.
void ProcessCrew::wake_if_due(const Worker& worker) noexcept {
  const auto has_more_than_it_runs = [](const Worker& each) { return each.task_count > 1; };
  const bool wants_more = !backlog_.empty() && worker.task_count <= work_time_.allowance() / 2;
  const bool is_ending = phase_ != Phase::running && worker.task_count == 0;
  if (is_ending || worker.has_died || worker.state != Worker::State::ready || wants_more ||
      (worker.task_count == 0 && std::any_of(workers_.begin(), workers_.end(), has_more_than_it_runs)))
    wake();
}

void ProcessCrew::note_death(std::uint32_t number, std::uint64_t life) noexcept {
  Worker& worker = workers_[number];
  if (worker.life != life || worker.has_died) return;
  worker.has_died = true;
  wake();
}

std::optional<ProcessCrew::Lent> ProcessCrew::borrow() {
  check_process();
  const Lock lock(mutex_);
  check_takes();
  if (!backlog_.empty()) return std::nullopt;
  Worker* const worker = roomiest();
  if (worker == nullptr || worker->task_count != 0) return std::nullopt;
  worker->task_count = 1;
  worker->since = Clock::now();
  ++worker->taken;
  if (has_done_enough(*worker)) worker->state = Worker::State::leaving;
  if (is_somebody_to_look()) wake();
  return Lent{detail::ProxyAccess::link(worker->proxy), worker->number, worker->life};
}

void ProcessCrew::leave_lent(const Lent& lent) noexcept {
  const Lock lock(mutex_);
  Worker& worker = workers_[lent.worker];
  --worker.task_count;
  wake_if_due(worker);
}

bool ProcessCrew::give_back(const Lent& lent, ResultCell& call) {
  const std::exception_ptr error = client::CellAccess::is_surely_value(call) ? nullptr : call.error();
  Lock lock(mutex_);
  Worker& worker = workers_[lent.worker];
  note_done(worker);
  wake_if_due(worker);
  if (error == nullptr) note_items(1, 1);
  if (error == nullptr) return false;
  try {
    std::rethrow_exception(error);
  } catch (const ActorDied& death) {
    note_death(lent.worker, lent.life);
    if (death.execution() == Execution::not_started && may_run_again()) return true;
    if (phase_ == Phase::terminated || broken_ != nullptr) std::rethrow_exception(ending_error(death.execution()));
    lock.unlock();
    throw WorkerDiedError(worker_with(1), client::CellAccess::channel(call)->actor().pid, death);
  }
}

bool ProcessCrew::may_run_again() const { return broken_ == nullptr && (phase_ == Phase::running || phase_ == Phase::closed); }

std::exception_ptr ProcessCrew::ending_error(Execution execution) const {
  return broken_ != nullptr ? broken_ : terminated(execution);
}

void ProcessCrew::close() {
  check_process();
  const Lock lock(mutex_);
  if (phase_ == Phase::running) phase_ = Phase::closed;
  wake();
}

void ProcessCrew::cancel_waiting() {
  check_process();
  const Lock lock(mutex_);
  if (phase_ == Phase::running) phase_ = Phase::closed;
  cancels_waiting_ = true;
  wake();
}

void ProcessCrew::terminate() {
  check_process();
  const Lock lock(mutex_);
  if (phase_ != Phase::ended) phase_ = Phase::terminated;
  wake();
}

void ProcessCrew::join() {
  check_process();
  {
    const Lock lock(mutex_);
    if (phase_ == Phase::running && broken_ == nullptr) refuse_to_join();
    if (phase_ == Phase::running) phase_ = Phase::terminated;  // that is all that can become of it
    wake();
  }
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void ProcessCrew::on_progress(std::shared_ptr<detail::ProgressCallback> callback) {
  check_process();
  const Lock lock(mutex_);
  callback = progress_.tell(std::move(callback));  // the former one goes without the lock
}

void ProcessCrew::expect(std::ptrdiff_t items, int unknown) noexcept {
  if (platform::is_forked_child()) return;
  Lock lock(mutex_);
  if (!progress_.expect(items, unknown)) return;
  phase_ == Phase::ended ? tell_progress(lock) : wake();  // nobody else does any more
}

std::vector<int> ProcessCrew::pids() const {
  check_process();
  const Lock lock(mutex_);
  std::vector<int> pids;
  for (const Worker& each : workers_) {
    if (each.state == Worker::State::ready || each.state == Worker::State::leaving) pids.push_back(each.proxy.pid());
  }
  return pids;
}

}  // namespace troupe::pool
