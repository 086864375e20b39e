// SPDX-License-Identifier: BSL-1.0
#include "platform/child_signal.hpp"

#include <sched.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <tuple>

#include "platform/os_error.hpp"

namespace troupe::platform {

namespace {

constinit std::atomic<const Event*> event_of_handler{nullptr};
constinit std::atomic<int> running_handlers{0};  // in any thread: while it is not 0, the event is looked at
struct sigaction former_action;                  // the one ChildSignal's

void on_child_signal(int) {
  const int error = errno;
  running_handlers.fetch_add(1);
  if (const Event* event = event_of_handler.load()) event->signal();
  running_handlers.fetch_sub(1);
  errno = error;
}

}  // namespace

ChildSignal::ChildSignal() {
  std::tie(ours_, handlers_) = Event::pair();
  const Event* none = nullptr;
  if (!event_of_handler.compare_exchange_strong(none, &handlers_)) throw std::logic_error("a process has one ChildSignal");
  struct sigaction action {};
  action.sa_handler = &on_child_signal;
  action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
  ::sigfillset(&action.sa_mask);
  ::sigaction(SIGCHLD, &action, &former_action);  // fails for numbers that are no signals
}

ChildSignal::~ChildSignal() {
  ::sigaction(SIGCHLD, &former_action, nullptr);
  event_of_handler.store(nullptr);
  while (running_handlers.load() != 0) ::sched_yield();  // a handler in another thread waits for nothing
}

}  // namespace troupe::platform
