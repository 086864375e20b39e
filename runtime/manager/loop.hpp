// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <memory>

#include "base/function.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe::manager {

// The one place where the manager's main thread sleeps: on handles, alarms and posted tasks. What to do about them is
// left to those who set them. Thread-safety: post any thread; the rest, and all of the classes below, the loop's thread.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Blocks: until stop().
  void run();
  void stop();
  // Runs it soon, in the loop's thread, never inside this call.
  void post(Function<void()> task);

  boost::asio::io_context& context() { return *context_; }

 private:
  std::unique_ptr<boost::asio::io_context> context_;
};

// Calls back whenever a handle is readable, until it is destroyed; destroying it in its own callback is fine.
class HandleWatch {
 public:
  // `handle` is borrowed and outlives this.
  HandleWatch(Loop& loop, int handle, Function<void()> on_readable);
  ~HandleWatch();
  HandleWatch(const HandleWatch&) = delete;
  HandleWatch& operator=(const HandleWatch&) = delete;

  // Calls back once, when the handle is writable. One at a time.
  void when_writable(Function<void()> on_writable);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Calls back once, after a delay, unless it was started anew, cancelled or destroyed before.
class Alarm {
 public:
  explicit Alarm(Loop& loop);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void start(std::chrono::nanoseconds delay, Function<void()> on_time);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace troupe::manager
