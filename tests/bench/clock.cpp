// SPDX-License-Identifier: BSL-1.0
#include "clock.hpp"

#include <algorithm>

namespace troupe::bench {

namespace {

std::uint64_t measure_reading() {
  std::vector<std::uint64_t> spans(10'001);
  for (auto& span : spans) {
    const auto begin = ticks();
    span = ticks() - begin;
  }
  std::ranges::sort(spans);
  return spans[spans.size() / 2];
}

double measure_tick() {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto first = ticks();
  while (Clock::now() - begin < std::chrono::milliseconds(20)) {
  }
  const auto last = ticks();
  const std::chrono::duration<double, std::nano> span = Clock::now() - begin;
  return span.count() / static_cast<double>(last - first);
}

}  // namespace

std::uint64_t ticks_per_reading() {
  static const std::uint64_t cost = measure_reading();
  return cost;
}

double nanoseconds_per_tick() {
  static const double span = measure_tick();
  return span;
}

Latency percentiles(std::vector<std::uint64_t>& spans) {
  std::ranges::sort(spans);
  const auto at = [&](std::size_t percent) {
    const auto span = spans[spans.size() * percent / 100];
    return static_cast<double>(span - std::min(span, ticks_per_reading())) * nanoseconds_per_tick();
  };
  return {.p50_ns = at(50), .p99_ns = at(99)};
}

}  // namespace troupe::bench
