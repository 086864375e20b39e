// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace troupe::bench {

// A cheap clock for spans well below a microsecond: the time stamp counter, or steady_clock where there is none.
inline std::uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// What one reading of the clock costs, and how long a tick is; measured at the first use in each process.
std::uint64_t ticks_per_reading();
double nanoseconds_per_tick();

// The middle of many like spans. Trivially copyable: it crosses pipes.
struct Latency {
  double p50_ns = 0;
  double p99_ns = 0;
};

// `spans` in ticks. Sorts them in place.
Latency percentiles(std::vector<std::uint64_t>& spans);

// Times each of `count` runs of f, without what reading the clock costs. `before` runs untimed before each.
template <class Before, class F>
Latency time_each(int count, Before before, F f) {
  std::vector<std::uint64_t> spans(static_cast<std::size_t>(count));
  for (auto& span : spans) {
    before();
    const auto begin = ticks();
    f();
    span = ticks() - begin;
  }
  return percentiles(spans);
}
template <class F>
Latency time_each(int count, F f) {
  return time_each(
      count, [] {}, f);
}

using Seconds = std::chrono::duration<double>;

// How long f takes.
template <class F>
Seconds time_of(F f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::steady_clock::now() - begin;
}

}  // namespace troupe::bench
