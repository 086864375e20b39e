// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <exception>
#include <list>
#include <mutex>
#include <string>
#include <vector>

// What every crew says, and refuses.
namespace troupe::pool {

// Errors: std::logic_error in a forked child, where no worker is.
void check_process();
[[noreturn]] void refuse_more();

// The lock, when `check` has thrown nothing with it. Else what is thrown is the tasks' error, too, and they go.
template <class T, class Check>
std::unique_lock<std::mutex> locked_to_submit(std::mutex& mutex, const std::vector<T*>& tasks, const Check& check) {
  std::unique_lock lock(mutex, std::defer_lock);
  try {
    check_process();
    lock.lock();
    check();
    return lock;
  } catch (...) {
    if (lock.owns_lock()) lock.unlock();
    for (T* each : tasks) {
      each->fail(std::current_exception());
      each->drop_reference();
    }
    throw;
  }
}

[[noreturn]] void refuse_to_join();

// What died, as WorkerDiedError begins.
std::string worker_with(std::size_t item_count);

std::exception_ptr cancelled_before_begun();
std::exception_ptr cancelled_by_shutdown();
std::exception_ptr terminated(Execution execution);

// What it makes; or, where there is no memory for that, std::bad_alloc.
template <class Make>
std::exception_ptr made(const Make& make) noexcept {
  try {
    return make();
  } catch (...) {
    return std::current_exception();
  }
}

// Calls its what(), which may be code of the user's.
std::string text_of(const std::exception_ptr& error);

// That a pool is broken, and why.
std::exception_ptr broken(const std::string& why);
// That it is, since `why` keeps its workers from being started. Never blocks: what `why` says is asked for by who asks this.
std::exception_ptr without_workers(const std::exception_ptr& why);

// What an error has said, which stays where it is: what() gives pointers, and the next time it may know more. Thread-safety:
// full.
class SaidTexts {
 public:
  const char* say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (said_.empty() || said_.back() != text) said_.push_back(text);
    return said_.back().c_str();
  }

 private:
  std::mutex mutex_;
  std::list<std::string> said_;
};

}  // namespace troupe::pool
