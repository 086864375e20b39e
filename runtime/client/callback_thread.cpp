// SPDX-License-Identifier: BSL-1.0
#include "client/callback_thread.hpp"

#include <exception>
#include <utility>

#include "client/started_thread.hpp"
#include "platform/alternate_stack.hpp"
#include "platform/complaint.hpp"
#include "platform/fork_mark.hpp"

namespace troupe::client {

namespace {

thread_local bool runs_callbacks = false;

}  // namespace

bool CallbackThread::is_this_thread() noexcept { return runs_callbacks; }

void run_reporting(const char* what, const Function<void()>& job) noexcept {
  try {
    job();
  } catch (const std::exception& error) {
    platform::complain("a {} threw: {}", what, error.what());
  } catch (...) {
    platform::complain("a {} threw something that is no std::exception", what);
  }
}

CallbackThread::CallbackThread() : state_(std::make_shared<State>()), thread_(started_thread(&CallbackThread::run, state_)) {}

CallbackThread::~CallbackThread() { stop(); }

void CallbackThread::post(Function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->is_stopping) {
      state_->jobs.push_back(std::move(job));
      state_->changed.notify_one();
      return;
    }
  }
  run_reporting("callback", job);
}

void CallbackThread::stop() {
  std::thread thread;
  if (platform::is_forked_child()) {  // there the thread does not exist, and the lock may be held for ever
    if (thread_.joinable()) thread_.detach();
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_stopping = true;
    state_->changed.notify_one();
    thread = std::move(thread_);
  }
  if (!thread.joinable()) return;
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else {
    thread.join();
  }
}

void CallbackThread::run(std::shared_ptr<State> state) {
  runs_callbacks = true;
  const platform::AlternateStack for_signals;  // it runs what the user has written
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return !state->jobs.empty() || state->is_stopping; });
    if (state->jobs.empty()) return;
    auto job = std::move(state->jobs.front());
    state->jobs.pop_front();
    lock.unlock();
    run_reporting("callback", job);
    job = {};  // what it holds is destroyed without the lock, too
    lock.lock();
  }
}

}  // namespace troupe::client
