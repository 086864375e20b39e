// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "base/function.hpp"

namespace troupe::client {

// Runs the user's callbacks, one after the other, in a thread of its own that holds no lock. The thread is there from the
// start: a result that has callbacks must not find, when it comes, that no thread can be made any more.
// A callback may do anything, destroying the object that this belongs to included. Thread-safety: full.
class CallbackThread {
 public:
  // Errors: StartError when there can be no more threads.
  CallbackThread();
  ~CallbackThread();
  CallbackThread(const CallbackThread&) = delete;
  CallbackThread& operator=(const CallbackThread&) = delete;

  // What `job` throws is reported on stderr. After stop(): it runs here and now. `cell`: whose outcome it tells of, and which
  // it keeps.
  void post(Function<void()> job, const detail::ResultCell* cell = nullptr);
  // Runs what has been posted, then ends the thread. From within a callback: the thread ends by itself afterwards.
  void stop();
  // Whether the calling thread is one of these.
  static bool is_this_thread() noexcept;
  // From here on the calling thread runs no callback of a cell that it completes by hand: this does, and outlives that thread.
  void stand_in_here() noexcept { stand_in_of_this_thread_ = this; }
  // The same as long as this lives.
  class StandIn {
   public:
    explicit StandIn(CallbackThread& callbacks) noexcept : former_(std::exchange(stand_in_of_this_thread_, &callbacks)) {}
    ~StandIn() { stand_in_of_this_thread_ = former_; }
    StandIn(const StandIn&) = delete;
    StandIn& operator=(const StandIn&) = delete;

   private:
    CallbackThread* const former_;
  };
  static CallbackThread* stand_in() noexcept { return stand_in_of_this_thread_; }  // null: there is none

  // In a callback, for a cell that no channel completes. Blocks: until its outcome is there (true), or `deadline` (false).
  // Where the cell is made of others, what that takes may be queued behind this very callback: that it runs meanwhile. Nothing
  // else, which could wait for the callback in its turn.
  static bool await_in_callback(detail::ResultCell& cell, std::chrono::steady_clock::time_point deadline);
  // The same for something else, of whose coming signal() tells.
  static void await_in_callback(const Function<bool()>& is_over);
  // The same, of a cell, without waiting.
  static void look_in_callback(detail::ResultCell& cell);
  // Callbacks that wait have to look again, in whichever of these threads: a job has come, or has become one that is wanted.
  static void signal() noexcept;

 private:
  struct Job {
    Function<void()> run;
    const detail::ResultCell* cell;
  };
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::list<Job> jobs;  // guarded by mutex, as all of these
    bool is_stopping = false;
  };
  class Bell;
  static void run(std::shared_ptr<State> state);
  static bool run_wanted(State& state);
  static thread_local const std::shared_ptr<State>* of_this_thread_;
  static thread_local CallbackThread* stand_in_of_this_thread_;
  // Of the process, since a cell does not know in whose queue its job is: moves when callbacks that wait have to look again; and
  // how many sleep until it does.
  static std::atomic<std::uint32_t> signals_;
  static std::atomic<std::uint32_t> sleepers_;

  std::shared_ptr<State> state_;
  std::thread thread_;  // guarded by state_->mutex
};

// Runs `job`; an exception out of it is reported on stderr as one of a `what` (such as "callback").
void run_reporting(const char* what, const Function<void()>& job) noexcept;

}  // namespace troupe::client
