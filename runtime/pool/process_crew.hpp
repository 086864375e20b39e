// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/call_task.hpp>
#include <troupe/proxy.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pool/progress_count.hpp"
#include "pool/start_attempts.hpp"
#include "pool/task_list.hpp"
#include "pool/work_time.hpp"

namespace troupe::pool {

// See detail::CallCrew. The crew's thread keeps it alive until it has ended, and so does each task that is under way.
class ProcessCrew final : public detail::CallCrew, public std::enable_shared_from_this<ProcessCrew> {
 public:
  ProcessCrew(std::shared_ptr<client::Session> session, const detail::CrewOptions& options);
  ~ProcessCrew() override;
  // Once; see detail::CallCrew::start.
  void begin();

  void submit(std::vector<detail::CallTask*> tasks, std::size_t expected) override;
  std::optional<Lent> borrow() override;
  bool give_back(const Lent& lent, detail::ResultCell& call) override;
  void leave_lent(const Lent& lent) noexcept override;
  void close() override;
  void cancel_waiting() override;
  void terminate() override;
  void join() override;
  void on_progress(std::shared_ptr<detail::ProgressCallback> callback) override;
  void expect(std::ptrdiff_t items, int unknown) noexcept override;
  std::vector<int> pids() const override;
  void resize(std::size_t size) override;
  std::size_t size() const override { return wanted_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;

  // What becomes of one of them: a new life, when it has died or has done enough.
  struct Worker {
    explicit Worker(std::uint32_t its_number) : number(its_number) {}

    enum class State : std::uint8_t {
      starting,
      initializing,
      ready,
      leaving,  // gets nothing more; ends when it has done what it has
      dead,
      given_up,
    };
    const std::uint32_t number;
    State state = State::dead;
    std::uint64_t life = 0;    // counts
    Clock::time_point born{};  // when that was begun with
    bool is_resting = false;   // it is dead since there was nothing to do, until there is
    bool has_died = false;
    bool is_killed = false;
    AsyncResult<Proxy<detail::PoolWorker>> started{};
    Proxy<detail::PoolWorker> proxy{};
    AsyncResult<void> initialized{};
    TaskList<detail::CallTask> tasks{};  // that it has, the oldest first
    std::size_t task_count = 0;          // with one that is lent out
    std::uint64_t taken = 0;             // in this life
    Clock::time_point since{};           // it has something to do, or has done the last
    std::uint64_t first_bytes = 0;       // of its own memory, when it had been initialized; 0: unknown
    std::uint64_t taken_at_look = 0;     // when its memory was looked at
    bool has_outgrown = false;
  };
  enum class Phase : std::uint8_t { running, closed, terminated, ended };
  enum class End : std::uint8_t { by_itself, by_force };
  struct Farewell {
    Proxy<detail::PoolWorker> worker;
    End how;
  };

  // By the crew's thread (process_crew_drive.cpp).
  void drive();
  void look_round(Lock& lock);
  void judge(Lock& lock);
  void wait_again(detail::CallTask& task);
  bool is_cancelling() const;
  void give_up_worker(const detail::CallTask& task);
  bool judge_one(detail::CallTask& task);
  void recall_for_idle(Lock& lock);
  struct Recall {
    detail::CallTask* task;
    detail::ResultCell* call;
  };
  std::vector<Recall> recalls_from(Worker& worker, std::size_t most);
  static void recall(Lock& lock, const std::vector<Recall>& recalls);
  void cancel_what_waits(Lock& lock);
  void fail_backlog(Lock& lock);
  void say_farewells(Lock& lock);
  void tell_progress(Lock& lock);
  bool has_nothing_to_do() const;
  void end_if_done();

  // A worker's lives, by the crew's thread, too (process_crew_lives.cpp).
  void look_after(Lock& lock, Worker& worker);
  void start_life(Lock& lock, Worker& worker);
  template <class T>
  static bool is_there(Lock& lock, AsyncResult<T> result);
  template <class T>
  void tell_when_there(const AsyncResult<T>& result);
  void take_started(Lock& lock, Worker& worker);
  AsyncResult<void> initialize(const Proxy<detail::PoolWorker>& proxy, std::uint32_t number, std::uint64_t life);
  void take_initialized(Lock& lock, Worker& worker);
  void become_ready(Worker& worker);
  void fail_to_start(Worker& worker, const std::exception_ptr& error);
  void give_up_what_is_missing(const std::exception_ptr& error);
  void tell_to_end(const Worker& worker, End how);
  void leave(Worker& worker);
  void await_end_of(Worker& worker);
  void kill_all();

  // How many there are, and which are worth their keep (process_crew_upkeep.cpp).
  bool is_surplus(const Worker& worker) const { return worker.number >= wanted_; }
  bool is_unwanted(const Worker& worker) const { return is_surplus(worker) || worker.has_outgrown; }
  bool has_done_enough(const Worker& worker) const { return is_unwanted(worker) || worker.taken == options_.tasks_per_life; }
  bool is_needed(const Worker& worker) const;
  Clock::time_point next_attempt() const;
  std::size_t waiting_count() const;
  bool is_idle(const Worker& worker) const;
  void let_rest();
  void look_at_memory(Lock& lock);
  bool is_memory_to_be_seen(const Worker& worker) const;
  void recall_from_unwanted(Lock& lock);
  Clock::time_point next_upkeep() const;
  Clock::time_point next_start() const;
  void sleep(Lock& lock);
  bool has_upkeep() const { return options_.idle_timeout || options_.memory_growth; }
  bool is_somebody_to_look() const;

  void note_over(detail::CallTask& task, bool is_answered) noexcept override;
  client::Session& session() const override { return *session_; }

  struct Assigned {
    detail::CallTask* task;
    detail::LinkHandle link;
  };
  void check_takes() const;
  void assign(Lock& lock);
  Worker* roomiest();
  bool has_room(const Worker& worker) const;
  void send(const Assigned& assigned) noexcept;
  void tell_late(detail::CallTask& task, detail::ResultCell& call);
  static detail::ResultCell& send_call_of(detail::CallTask& task, const detail::LinkHandle& link);
  void give_up(detail::CallTask& task, std::exception_ptr error) noexcept;
  void note_done(Worker& worker) noexcept;
  void note_items(std::size_t given, std::size_t done) noexcept;
  void note_death(std::uint32_t number, std::uint64_t life) noexcept;
  void look_ahead(Lock& lock, const Worker& worker) noexcept;
  void wake_if_due(const Worker& worker) noexcept;
  void wake() noexcept;
  bool may_run_again() const;
  void break_down(std::exception_ptr why);
  std::exception_ptr ending_error(Execution execution) const;

  const std::shared_ptr<client::Session> session_;
  const detail::CrewOptions options_;
  const SpawnOptions spawn_options_;

  mutable std::mutex mutex_;
  std::condition_variable is_due_;     // the crew's thread has something to do
  std::condition_variable has_begun_;  // begin() need not wait any more
  // Guarded by mutex_:
  Phase phase_ = Phase::running;
  bool cancels_waiting_ = false;
  std::uint64_t submitted_ = 0;
  bool has_missed_ = false;  // a task that was to be taken back
  bool has_work_ = false;
  std::deque<Worker> workers_;           // never fewer: those that are not wanted any more come last
  std::atomic<std::size_t> wanted_ = 0;  // written with the lock
  Clock::time_point memory_seen_{};
  bool sleeps_until_woken_ = false;
  TaskList<detail::CallTask> backlog_;
  TaskList<detail::CallTask> unjudged_;
  std::size_t under_way_ = 0;  // tasks that are sent, or to be judged
  WorkTime work_time_;
  ProgressCount progress_;
  StartAttempts attempts_;
  std::exception_ptr broken_;       // why it cannot go on; null: it can
  std::exception_ptr first_error_;  // before all were ready for the first time
  bool has_been_ready_ = false;
  std::vector<Farewell> farewells_;                 // still to be said, without the lock
  std::vector<Proxy<detail::PoolWorker>> leavers_;  // that have been told to end
  std::mutex join_mutex_;
  std::thread thread_;  // guarded by join_mutex_
};

}  // namespace troupe::pool
