// SPDX-License-Identifier: BSL-1.0
#include "watcher.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <tuple>
#include <utility>

#include "platform/event.hpp"

namespace troupe::command {

namespace {

std::atomic<bool> is_thread_left{false};

}  // namespace

struct Watcher::State {
  using Lock = std::unique_lock<std::mutex>;

  State(const ManagerOption& manager, std::chrono::nanoseconds span) : runtime(new Runtime(manager.connect())), interval(span) {
    std::tie(bell, rope) = platform::Event::pair();
  }

  void run() noexcept;
  void look_on(Lock& lock);
  void carry_out(Lock& lock, const Order& order);

  std::unique_ptr<Runtime> runtime;  // it ends in the thread: where the manager does not answer, that waits for it
  const std::chrono::nanoseconds interval;
  platform::Event bell;
  platform::Event rope;  // of the bell
  std::mutex mutex;
  std::condition_variable is_due;
  std::condition_variable has_ended;
  std::deque<Order> orders;
  News news;
  bool is_to_end = false;
  bool is_over = false;
};

Watcher::Watcher(const ManagerOption& manager, std::chrono::nanoseconds interval)
    : state_(std::make_shared<State>(manager, interval)), thread_([state = state_] { state->run(); }) {}

Watcher::~Watcher() {
  State::Lock lock(state_->mutex);
  state_->is_to_end = true;
  state_->is_due.notify_one();
  const bool is_over = state_->has_ended.wait_for(lock, std::chrono::seconds(1), [this] { return state_->is_over; });
  lock.unlock();
  is_over ? thread_.join() : thread_.detach();
  if (!is_over) is_thread_left = true;
}

bool Watcher::has_left_thread() noexcept { return is_thread_left; }

const platform::Handle& Watcher::handle() const { return state_->bell.handle(); }

Watcher::News Watcher::take_news() {
  state_->bell.clear();
  const State::Lock lock(state_->mutex);
  News news = state_->news;
  state_->news.told.clear();
  return news;
}

void Watcher::order(Order order) {
  const State::Lock lock(state_->mutex);
  state_->orders.push_back(std::move(order));
  state_->is_due.notify_one();
}

void Watcher::State::run() noexcept {
  Lock lock(mutex);
  try {
    look_on(lock);
  } catch (const std::exception& error) {
    if (!lock.owns_lock()) lock.lock();
    news.ended = error.what();
  }
  lock.unlock();
  runtime.reset();
  lock.lock();
  is_over = true;
  has_ended.notify_one();
  rope.signal();
}

// Errors: those of a manager that is gone.
void Watcher::State::look_on(Lock& lock) {
  ActorLooks looks;
  while (!is_to_end) {
    while (!orders.empty()) {
      const Order next = std::move(orders.front());
      orders.pop_front();
      carry_out(lock, next);
    }
    lock.unlock();
    auto actors = looks.look(*runtime);
    lock.lock();
    news.actors = std::move(actors);
    rope.signal();
    is_due.wait_for(lock, interval, [this] { return is_to_end || !orders.empty(); });
  }
}

void Watcher::State::carry_out(Lock& lock, const Order& order) {
  lock.unlock();
  std::string told;
  try {
    told = order(*runtime);
  } catch (const std::exception& error) {
    told = error.what();
  }
  lock.lock();
  news.told = std::move(told);
  rope.signal();
}

}  // namespace troupe::command
