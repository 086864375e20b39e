// SPDX-License-Identifier: BSL-1.0
#include "platform/termination_signals.hpp"

#include <sched.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <tuple>

namespace troupe::platform {

namespace {

constexpr std::array kSignals{SIGTERM, SIGINT};

constinit std::atomic<const Event*> event_of_handler{nullptr};
constinit std::atomic<int> running_handlers{0};  // in any thread: while it is not 0, the event is looked at
constinit std::atomic<int> count_of_signals{0};
std::array<struct sigaction, kSignals.size()> former_actions;  // the one TerminationSignals'

void on_termination_signal(int) {
  const int error = errno;
  running_handlers.fetch_add(1);
  count_of_signals.fetch_add(1);
  if (const Event* event = event_of_handler.load()) event->signal();
  running_handlers.fetch_sub(1);
  errno = error;
}

}  // namespace

TerminationSignals::TerminationSignals() {
  std::tie(ours_, handlers_) = Event::pair();
  const Event* none = nullptr;
  if (!event_of_handler.compare_exchange_strong(none, &handlers_))
    throw std::logic_error("a process takes its termination signals once");
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &former_actions[i]);
    if (former_actions[i].sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = &on_termination_signal;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    ::sigaction(kSignals[i], &action, nullptr);
  }
}

TerminationSignals::~TerminationSignals() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former_actions[i], nullptr);
  event_of_handler.store(nullptr);
  while (running_handlers.load() != 0) ::sched_yield();  // a handler in another thread waits for nothing
}

int TerminationSignals::take() noexcept {
  ours_.clear();
  return count_of_signals.exchange(0);
}

}  // namespace troupe::platform
