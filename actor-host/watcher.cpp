// SPDX-License-Identifier: BSL-1.0
#include "watcher.hpp"

#include <cstdlib>
#include <exception>
#include <tuple>
#include <utility>

namespace troupe::command {

Watcher::Watcher(const ManagerOption& manager, std::chrono::nanoseconds interval)
    : runtime_(new Runtime(manager.connect())), interval_(interval) {
  std::tie(bell_, rope_) = platform::Event::pair();
  thread_ = std::thread([this] { run(); });
}

Watcher::~Watcher() {
  Lock lock(mutex_);
  is_to_end_ = true;
  is_due_.notify_one();
  if (!has_ended_.wait_for(lock, std::chrono::seconds(1), [this] { return is_over_; })) std::_Exit(0);
  lock.unlock();
  thread_.join();
}

Watcher::News Watcher::take_news() {
  bell_.clear();
  const Lock lock(mutex_);
  News news = news_;
  news_.told.clear();
  return news;
}

void Watcher::order(Order order) {
  const Lock lock(mutex_);
  orders_.push_back(std::move(order));
  is_due_.notify_one();
}

void Watcher::run() noexcept {
  Lock lock(mutex_);
  try {
    look_on(lock);
  } catch (const std::exception& error) {
    if (!lock.owns_lock()) lock.lock();
    news_.ended = error.what();
  }
  lock.unlock();
  runtime_.reset();
  lock.lock();
  is_over_ = true;
  has_ended_.notify_one();
  rope_.signal();
}

// Errors: those of a manager that is gone.
void Watcher::look_on(Lock& lock) {
  ActorLooks looks;
  while (!is_to_end_) {
    while (!orders_.empty()) {
      const Order next = std::move(orders_.front());
      orders_.pop_front();
      carry_out(lock, next);
    }
    lock.unlock();
    auto actors = looks.look(*runtime_);
    lock.lock();
    news_.actors = std::move(actors);
    rope_.signal();
    is_due_.wait_for(lock, interval_, [this] { return is_to_end_ || !orders_.empty(); });
  }
}

void Watcher::carry_out(Lock& lock, const Order& order) {
  lock.unlock();
  std::string told;
  try {
    told = order(*runtime_);
  } catch (const std::exception& error) {
    told = error.what();
  }
  lock.lock();
  news_.told = std::move(told);
  rope_.signal();
}

}  // namespace troupe::command
