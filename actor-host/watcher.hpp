// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/runtime.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "actor_rows.hpp"
#include "managers.hpp"
#include "platform/event.hpp"

namespace troupe::command {

// Asks a manager from a thread of its own, so that who looks at a screen waits for no answer. Thread-safety: of one thread.
class Watcher {
 public:
  // What is to be done there; what it returns is told. Errors: those of the library are told, too.
  using Order = std::function<std::string(Runtime& runtime)>;

  struct News {
    std::vector<ActorRow> actors{};
    std::string told{};   // by orders, since the last news
    std::string ended{};  // why there will be no more; empty: there will
  };

  // Looks every `interval`, and after each order.
  // Blocks: as connect. Errors: Failure.
  Watcher(const ManagerOption& manager, std::chrono::nanoseconds interval);
  // Where the manager does not answer, for a second, this process ends here, with exit code 0: what it holds is the system's
  // then.
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Readable when there are news.
  const platform::Handle& handle() const { return bell_.handle(); }
  News take_news();
  void order(Order order);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void run() noexcept;
  void look_on(Lock& lock);
  void carry_out(Lock& lock, const Order& order);

  std::unique_ptr<Runtime> runtime_;  // it ends in the thread: where the manager does not answer, that waits for it
  const std::chrono::nanoseconds interval_;
  platform::Event bell_;
  platform::Event rope_;  // of the bell
  std::mutex mutex_;
  std::condition_variable is_due_;
  std::condition_variable has_ended_;
  std::deque<Order> orders_;
  News news_;
  bool is_to_end_ = false;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace troupe::command
