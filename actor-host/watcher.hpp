// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/runtime.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "actor_rows.hpp"
#include "managers.hpp"
#include "platform/handle.hpp"

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
  // Where the manager does not answer, for a second, the thread is left behind: see has_left_thread. Blocks: so long.
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Readable when there are news.
  const platform::Handle& handle() const;
  News take_news();
  void order(Order order);

  // A thread waits for a manager still: the process has to end without its destructors (std::_Exit), when all is said.
  static bool has_left_thread() noexcept;

 private:
  struct State;

  const std::shared_ptr<State> state_;  // the thread's, too
  std::thread thread_;
};

}  // namespace troupe::command
