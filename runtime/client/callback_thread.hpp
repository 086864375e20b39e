// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

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

  // What `job` throws is reported on stderr. After stop(): it runs here and now.
  void post(Function<void()> job);
  // Runs what has been posted, then ends the thread. From within a callback: the thread ends by itself afterwards.
  void stop();
  // Whether the calling thread is one of these.
  static bool is_this_thread() noexcept;

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::list<Function<void()>> jobs;  // guarded by mutex, as all of these
    bool is_stopping = false;
  };
  static void run(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
  std::thread thread_;  // guarded by state_->mutex
};

// Runs `job`; an exception out of it is reported on stderr as one of a `what` (such as "callback").
void run_reporting(const char* what, const Function<void()>& job) noexcept;

}  // namespace troupe::client
