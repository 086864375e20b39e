// SPDX-License-Identifier: BSL-1.0
#include "client/callback_thread.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <utility>

#include "client/cell_status.hpp"
#include "client/started_thread.hpp"
#include "platform/alternate_stack.hpp"
#include "platform/complaint.hpp"
#include "platform/fork_mark.hpp"
#include "platform/futex.hpp"

namespace troupe::client {

thread_local const std::shared_ptr<CallbackThread::State>* CallbackThread::of_this_thread_ = nullptr;
thread_local CallbackThread* CallbackThread::stand_in_of_this_thread_ = nullptr;
std::atomic<std::uint32_t> CallbackThread::signals_{0};
std::atomic<std::uint32_t> CallbackThread::sleepers_{0};

bool CallbackThread::is_this_thread() noexcept { return of_this_thread_ != nullptr; }

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

void CallbackThread::post(Function<void()> job, const detail::ResultCell* cell) {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->is_stopping) {
      state_->jobs.push_back({std::move(job), cell});
      signal();
      state_->changed.notify_one();
      return;
    }
  }
  run_reporting("callback", job);
}

// Tells a callback that waits of the outcome.
class CallbackThread::Bell final : public detail::Callback {
 public:
  bool note(detail::ResultCell&) noexcept override {
    signal();
    drop();
    return true;
  }
  void run(detail::ResultCell&) override {}  // never: note() says that that was all
  bool is_waiter() const noexcept override { return true; }
};

bool CallbackThread::await_in_callback(detail::ResultCell& cell, std::chrono::steady_clock::time_point deadline) {
  auto bell = std::make_unique<Bell>();
  if (!CellAccess::push_callback(cell, bell.get())) return CellAccess::is_over(cell);
  Bell* const pushed = bell.release();
  CellAccess::want(cell);
  bool is_late = false;
  while (!CellAccess::is_over(cell) && !is_late) {
    const std::uint32_t seen = signals_.load(std::memory_order_acquire);
    if (CellAccess::is_over(cell) || run_wanted(**of_this_thread_)) continue;
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    is_late =
        platform::futex_wait(signals_, seen, platform::FutexScope::this_process, deadline) == platform::FutexWake::timed_out;
    sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  }
  if (CellAccess::remove_callback(cell, pushed)) pushed->drop();
  return CellAccess::is_over(cell);
}

void CallbackThread::await_in_callback(const Function<bool()>& is_over) {
  for (;;) {
    const std::uint32_t seen = signals_.load(std::memory_order_acquire);
    if (is_over()) return;
    if (run_wanted(**of_this_thread_)) continue;
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    platform::futex_wait(signals_, seen, platform::FutexScope::this_process);
    sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  }
}

void CallbackThread::look_in_callback(detail::ResultCell& cell) {
  CellAccess::want(cell);
  while (!CellAccess::is_over(cell) && run_wanted(**of_this_thread_)) continue;
}

bool CallbackThread::run_wanted(State& state) {
  std::list<Job> wanted;
  {
    const std::lock_guard lock(state.mutex);
    const auto is_wanted = [](const Job& job) { return job.cell != nullptr && CellAccess::is_wanted(*job.cell); };
    const auto found = std::find_if(state.jobs.begin(), state.jobs.end(), is_wanted);
    if (found == state.jobs.end()) return false;
    wanted.splice(wanted.end(), state.jobs, found);
  }
  run_reporting("callback", wanted.front().run);
  CellAccess::catch_up_with_cascade();
  return true;
}

void CallbackThread::signal() noexcept {
  signals_.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) != 0)
    platform::futex_wake(signals_, INT32_MAX, platform::FutexScope::this_process);
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
  of_this_thread_ = &state;
  const platform::AlternateStack for_signals;  // it runs what the user has written
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return !state->jobs.empty() || state->is_stopping; });
    if (state->jobs.empty()) return;
    auto job = std::move(state->jobs.front());
    state->jobs.pop_front();
    lock.unlock();
    run_reporting("callback", job.run);
    job = {};  // what it holds is destroyed without the lock, too
    lock.lock();
  }
}

}  // namespace troupe::client
