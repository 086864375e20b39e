// SPDX-License-Identifier: BSL-1.0
#include "manager/loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <utility>

#include "platform/asio_objects.hpp"

namespace troupe::manager {

namespace asio = boost::asio;

Loop::Loop() : context_(std::make_unique<asio::io_context>(1)) {}

Loop::~Loop() = default;

void Loop::run() {
  const auto work = asio::make_work_guard(*context_);
  context_->run();
}

void Loop::stop() { context_->stop(); }

void Loop::post(Function<void()> task) { platform::post(*context_, std::move(task)); }

// Handlers share the state, so that it outlives a watch that is destroyed in its own callback.
struct HandleWatch::State : std::enable_shared_from_this<State> {
  State(Loop& loop, int handle, Function<void()> callback)
      : descriptor(loop.context(), handle), on_readable(std::move(callback)) {}

  // Each wait looks at the handle anew: what was left unread calls back again.
  void wait_readable() {
    platform::when_readable(descriptor, [state = shared_from_this()] {
      if (!state->is_active) return;
      state->on_readable();
      if (state->is_active) state->wait_readable();
    });
  }

  platform::Descriptor descriptor;
  Function<void()> on_readable;
  bool is_active = true;
};

HandleWatch::HandleWatch(Loop& loop, int handle, Function<void()> on_readable)
    : state_(std::make_shared<State>(loop, handle, std::move(on_readable))) {
  try {
    state_->wait_readable();
  } catch (...) {
    state_->descriptor.release();  // the handle is another's
    throw;
  }
}

HandleWatch::~HandleWatch() {
  state_->is_active = false;
  state_->descriptor.release();
}

void HandleWatch::when_writable(Function<void()> on_writable) {
  platform::when_writable(state_->descriptor, [state = state_, on_writable = std::move(on_writable)] {
    if (state->is_active) on_writable();
  });
}

// `start_count` tells an alarm that has been started anew from one whose time had come just before.
struct Alarm::State {
  explicit State(Loop& loop) : timer(loop.context()) {}
  platform::Timer timer;
  std::uint64_t start_count = 0;
};

Alarm::Alarm(Loop& loop) : state_(std::make_shared<State>(loop)) {}

Alarm::~Alarm() { cancel(); }

void Alarm::start(std::chrono::nanoseconds delay, Function<void()> on_time) {
  const std::uint64_t number = ++state_->start_count;
  const auto now = std::chrono::steady_clock::now();
  const bool is_too_far = delay > std::chrono::steady_clock::time_point::max() - now;
  state_->timer.expires_at(is_too_far ? std::chrono::steady_clock::time_point::max() : now + delay);
  platform::when_due(state_->timer, [state = state_, number, on_time = std::move(on_time)] {
    if (state->start_count == number) on_time();
  });
}

void Alarm::cancel() {
  ++state_->start_count;
  state_->timer.cancel();
}

}  // namespace troupe::manager
