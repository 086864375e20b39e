// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace troupe::client {

// What one thread waits for and another gives, once: a value, or an error. May be destroyed as soon as take() has returned.
// (A std::promise would do, with three times the code for each type.)
// Thread-safety: give, fail: any thread; take: another.
template <class T>
class Awaited {
 public:
  void give(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    has_come_.notify_one();  // with the lock: behind it this may be gone
  }
  void fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    has_come_.notify_one();
  }
  // Errors: what it failed with. Blocks: until either has come.
  T take() {
    std::unique_lock lock(mutex_);
    has_come_.wait(lock, [this] { return value_.has_value() || error_ != nullptr; });
    if (error_ != nullptr) std::rethrow_exception(error_);
    return std::move(*value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable has_come_;
  std::optional<T> value_;
  std::exception_ptr error_;
};

}  // namespace troupe::client
