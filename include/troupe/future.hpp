// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

// From results to std::future, and back.
namespace troupe {

namespace detail {

// A future of the standard library that a result waits for.
class ForeignFuture {
 public:
  virtual ~ForeignFuture() = default;
  // Blocks: until it is ready (true), or `delay` has passed (false).
  virtual bool wait_for(std::chrono::nanoseconds delay) = 0;
  // When it is ready: gives its outcome to the result.
  virtual void hand_over() = 0;
};

// Waits for it in the thread for such futures. Errors: StartError when no thread can be made.
void wait_elsewhere(std::unique_ptr<ForeignFuture> future);

template <class Future, class T>
class ForeignFutureOf final : public ForeignFuture {
 public:
  explicit ForeignFutureOf(Future future) : future_(std::move(future)) { promise_.set_running(); }

  AsyncResult<T> result() const { return promise_.result(); }
  bool wait_for(std::chrono::nanoseconds delay) override { return future_.wait_for(delay) != std::future_status::timeout; }
  void hand_over() override {
    try {
      if constexpr (std::is_void_v<T>) {
        future_.get();
        promise_.set_value();
      } else {
        promise_.set_value(future_.get());
      }
    } catch (...) {  // of the future; or of a value that cannot be moved, which the promise knows
      if (!promise_.result().ready()) promise_.set_exception(std::current_exception());
    }
  }

 private:
  Future future_;
  Promise<T> promise_;
};

template <class T, class Future>
AsyncResult<T> result_of(Future future) {
  if (!future.valid()) throw std::invalid_argument("troupe::from_future: the future has no state; it was moved from, or got");
  auto foreign = std::make_unique<ForeignFutureOf<Future, T>>(std::move(future));
  AsyncResult<T> result = foreign->result();
  if (foreign->wait_for(std::chrono::nanoseconds(0))) {
    foreign->hand_over();
  } else {
    wait_elsewhere(std::move(foreign));
  }
  return result;
}

}  // namespace detail

// A future of the result's outcome; costs one callback.
template <class T>
std::future<T> to_future(const AsyncResult<T>& result) {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  result.on_done([promise = std::move(promise)](AsyncResult<T> done) mutable {
    try {
      if constexpr (std::is_void_v<T>) {
        done.get();
        promise.set_value();
      } else {
        promise.set_value(std::move(done).get());
      }
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  });
  return future;
}

// The outcome of a future, whose work nobody can cancel: so cancel() gives false. What it costs: a std::future tells nobody when
// it is ready, so one thread of the process, which is there while there are such futures, waits for the oldest and looks at the
// others in between. A result may therefore come late: by 1 ms, and where none of them has become ready for long, by up to 20 ms.
// Callbacks of these results run in one more thread. One that is ready costs nothing of that, and a deferred one is run here.
template <class T>
AsyncResult<T> from_future(std::future<T> future) {
  return detail::result_of<T>(std::move(future));
}
template <class T>
AsyncResult<T> from_future(std::shared_future<T> future) {
  return detail::result_of<T>(std::move(future));
}

}  // namespace troupe
