// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/actor_thread.hpp>
#include <troupe/detail/local_task.hpp>
#include <troupe/this_call.hpp>

#include "base/serving.hpp"
#include "host/dispatcher.hpp"

namespace troupe {

using detail::RunningFor;

// A turn in which an open call's first part runs is that call's.
std::stop_token ThisCall::stop_token() const {
  if (serving.task != nullptr) return serving.task->stop_token();
  const detail::OpenCall* open = RunningFor::call();
  return open != nullptr ? open->stop : host::running_turn().stop_token();
}

std::optional<std::chrono::steady_clock::time_point> ThisCall::deadline() const {
  if (serving.task != nullptr) return std::nullopt;
  const detail::OpenCall* open = RunningFor::call();
  const std::int64_t deadline_ns = open != nullptr ? open->deadline_ns : host::running_turn().deadline_ns();
  if (deadline_ns == wire::kNoDeadline) return std::nullopt;
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline_ns));
}

ThisCall this_call() {
  if (serving.task == nullptr && RunningFor::call() == nullptr) (void)host::running_turn();
  return {};
}

}  // namespace troupe
