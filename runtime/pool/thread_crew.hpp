// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/local_crew.hpp>
#include <troupe/detail/local_task.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/callback_thread.hpp"
#include "pool/progress_count.hpp"
#include "pool/task_list.hpp"

namespace troupe::pool {

// See detail::LocalCrew. Each of its threads keeps it alive until that has ended. A worker is a row of threads, each of which
// joins the one before.
class ThreadCrew final : public detail::LocalCrew, public std::enable_shared_from_this<ThreadCrew> {
 public:
  explicit ThreadCrew(detail::LocalCrewOptions options);
  ~ThreadCrew() override;
  // Once; see detail::LocalCrew::start.
  void begin();

  void submit(std::vector<detail::LocalTask*> tasks, std::size_t expected) override;
  void close() override;
  void cancel_waiting() override;
  void terminate() override;
  void join() override;
  bool is_in_own_task() const override;
  void finish_callbacks() override { callbacks_.stop(); }
  void on_progress(std::shared_ptr<detail::ProgressCallback> callback) override;
  void expect(std::ptrdiff_t items, int unknown) noexcept override;
  void resize(std::size_t size) override;
  std::size_t size() const override { return wanted_; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Tasks = TaskList<detail::LocalTask>;

  struct Worker {
    std::thread thread{};
    std::thread former{};  // that the thread has not joined yet
    bool is_live = false;  // the thread runs, and may take tasks
  };
  enum class Phase : std::uint8_t { running, closed, terminated };

  void begin_wait(detail::CrewWait& wait) noexcept override;
  void end_wait(detail::CrewWait& wait) noexcept override;
  bool run_here(detail::LocalTask& task, detail::CrewWait& wait, detail::RunHere when) override;

  void start_thread(std::uint32_t number);
  bool replace(std::uint32_t number);
  void live(std::uint32_t number);
  void join_former(std::uint32_t number);
  bool has_initialized(Lock& lock, std::uint32_t number);
  void fail_to_initialize(Lock& lock, std::uint32_t number, const std::exception_ptr& error, const std::string& text);
  void leave(std::uint32_t number) noexcept;
  bool is_one_live() const noexcept;
  bool do_all_wait() const noexcept;
  void tell_if_all_wait() noexcept;
  void forget(detail::CrewWait& wait) noexcept;
  void name_thread(std::uint32_t number) const;
  void await_workers_in_callback();
  detail::LocalTask* next_to_stop() const noexcept;
  void give_up_worker(Lock& lock, std::uint32_t number, const std::string& why);
  void work(Lock& lock, std::uint32_t number);
  detail::LocalTask* next(Lock& lock, std::uint32_t number);
  void run(Lock& lock, detail::LocalTask& task);
  static bool run_if_wanted(detail::LocalTask& task);
  void note_end(Lock& lock, detail::LocalTask& task);
  void tell_progress(Lock& lock);
  void give_up_backlog(Lock& lock, const std::function<std::exception_ptr()>& make_error);
  void check_takes() const;
  bool is_ending() const {
    return phase_ == Phase::terminated || !broken_.empty() || (phase_ == Phase::closed && backlog_.empty());
  }

  const detail::LocalCrewOptions options_;
  client::CallbackThread callbacks_;

  std::mutex mutex_;
  std::condition_variable is_due_;     // a task has come, or none will come any more
  std::condition_variable has_begun_;  // begin() need not wait any more
  // Guarded by mutex_:
  Phase phase_ = Phase::running;
  std::deque<Worker> workers_;           // never fewer: those that are not wanted any more come last
  std::atomic<std::size_t> wanted_ = 0;  // written with the lock
  Tasks backlog_;
  Tasks running_;
  detail::CrewWait* waits_ = nullptr;  // of threads of this, for tasks of this
  std::size_t idle_ = 0;               // threads that wait for a task
  std::size_t ready_ = 0;              // that have been initialized for the first time
  bool has_been_ready_ = false;
  int failures_in_a_row_ = 0;       // to initialize a thread
  std::string broken_;              // why it cannot go on; empty: it can
  std::exception_ptr first_error_;  // before all were ready for the first time
  ProgressCount progress_;
  std::mutex join_mutex_;
};

}  // namespace troupe::pool
