// SPDX-License-Identifier: BSL-1.0
#include <troupe/future.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "client/callback_thread.hpp"
#include "client/started_thread.hpp"

namespace troupe::detail {

namespace {

using std::chrono::milliseconds;
using Futures = std::list<std::unique_ptr<ForeignFuture>>;

constexpr milliseconds kShortest(1);
constexpr milliseconds kLongest(20);

// The thread that looks whether futures are ready, since they tell nobody. It is there while there are any. It runs no callbacks:
// one that waited for another of these futures would wait for the very thread that it is in. They have a thread of their own,
// where a callback that waits lets those run that it waits for, and which ends with this one, when all of them have run.
class FutureThread {
 public:
  void add(std::unique_ptr<ForeignFuture> future) {
    const std::lock_guard lock(mutex_);
    if (!is_running_) {
      auto callbacks = std::make_unique<client::CallbackThread>();
      client::started_thread([this, callbacks = std::move(callbacks)] { run(*callbacks); }).detach();
    }
    is_running_ = true;
    added_.push_back(std::move(future));
  }

 private:
  void run(client::CallbackThread& callbacks) {
    callbacks.stand_in_here();
    Futures futures;
    for (auto delay = kShortest; take_added(futures);) {
      (void)futures.front()->wait_for(delay);
      const bool is_one_ready = hand_over_ready(futures);
      delay = is_one_ready ? kShortest : std::min(2 * delay, kLongest);
    }
  }

  // False: there are none, and the thread ends.
  bool take_added(Futures& futures) {
    const std::lock_guard lock(mutex_);
    futures.splice(futures.end(), added_);
    is_running_ = !futures.empty();
    return is_running_;
  }

  static bool hand_over_ready(Futures& futures) {
    bool is_one_ready = false;
    for (auto next = futures.begin(); next != futures.end();) {
      const auto each = next++;
      if (!(*each)->wait_for(milliseconds(0))) continue;
      (*each)->hand_over();
      futures.erase(each);
      is_one_ready = true;
    }
    return is_one_ready;
  }

  std::mutex mutex_;
  // Guarded by mutex_:
  bool is_running_ = false;
  Futures added_;
};

}  // namespace

void wait_elsewhere(std::unique_ptr<ForeignFuture> future) {
  static auto* const thread = new FutureThread;  // lives as long as the process: the thread may outlive main
  thread->add(std::move(future));
}

}  // namespace troupe::detail
