// SPDX-License-Identifier: BSL-1.0
#include "pool/work_time.hpp"

#include <algorithm>

namespace troupe::pool {

void WorkTime::note(Duration span) {
  constexpr int kMemory = 8;  // tasks
  mean_ += (std::max(span, Duration(0)) - mean_) / kMemory;
  const auto fitting = static_cast<std::size_t>(kAhead / std::max(mean_, Duration(1)));
  allowance_ = std::clamp(fitting + 1, kLeast, kMost);
}

}  // namespace troupe::pool
