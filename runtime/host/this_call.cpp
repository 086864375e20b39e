// SPDX-License-Identifier: BSL-1.0
#include <troupe/this_call.hpp>

#include "host/dispatcher.hpp"

namespace troupe {

std::stop_token ThisCall::stop_token() const { return host::running_turn().stop_token(); }

std::optional<std::chrono::steady_clock::time_point> ThisCall::deadline() const {
  const std::int64_t deadline_ns = host::running_turn().deadline_ns();
  if (deadline_ns == wire::kNoDeadline) return std::nullopt;
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline_ns));
}

ThisCall this_call() {
  (void)host::running_turn();
  return {};
}

}  // namespace troupe
