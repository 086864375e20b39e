// SPDX-License-Identifier: BSL-1.0
#include "platform/processor.hpp"

#include <sched.h>
#include <sys/rseq.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#include "platform/cgroup_linux.hpp"

namespace troupe::platform {
namespace {

using Clock = std::chrono::steady_clock;

// What the kernel keeps up to date for this thread; negative as an int: not registered.
std::int32_t registered_processor() noexcept {
  if (__rseq_size == 0) return -1;
  const auto* area = static_cast<const char*>(__builtin_thread_pointer()) + __rseq_offset;
  const auto* word = reinterpret_cast<const volatile std::uint32_t*>(area + offsetof(struct rseq, cpu_id));
  return static_cast<std::int32_t>(*word);
}

// Processors that one group allows: "quota period" in cpu.max (version 2), a file each (version 1; -1: unlimited).
double quota_of(const std::string& group) {
  std::ifstream both(group + "/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(both >> quota >> period)) {
    quota = number_in(group + "/cpu.cfs_quota_us", -1);
    period = number_in(group + "/cpu.cfs_period_us", -1);
  }
  return quota > 0 && period > 0 ? quota / period : std::numeric_limits<double>::infinity();
}

double cgroup_quota() {
  double quota = std::numeric_limits<double>::infinity();
  for (const std::string& group : control_groups("cpu")) quota = std::min(quota, quota_of(group));
  return quota;
}

unsigned affine_processors() noexcept {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());  // more processors than the set has room for
}

struct Instant {
  std::uint64_t ticks;
  Clock::time_point time;
};

// Both clocks at one instant: of a few tries the one that was interrupted least.
Instant now() noexcept {
  Instant best{};
  std::uint64_t best_gap = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t before = ticks();
    const auto time = Clock::now();
    const std::uint64_t gap = ticks() - before;
    if (gap < best_gap) best = {before + gap / 2, time};
    best_gap = std::min(best_gap, gap);
  }
  return best;
}

std::uint64_t measure_ticks() noexcept {
  const Instant begin = now();
  while (Clock::now() - begin.time < std::chrono::microseconds(200)) spin_pause();
  const Instant end = now();
  const std::chrono::duration<double, std::micro> span = end.time - begin.time;
  return std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::llround(static_cast<double>(end.ticks - begin.ticks) / span.count())));
}

}  // namespace

std::uint32_t current_processor() noexcept {
  const std::int32_t registered = registered_processor();
  return static_cast<std::uint32_t>(registered >= 0 ? registered : std::max(0, ::sched_getcpu()));
}

unsigned usable_processors() noexcept {
  static const double quota = cgroup_quota();
  const unsigned affine = affine_processors();
  return quota < affine ? std::max(1U, static_cast<unsigned>(std::ceil(quota))) : affine;
}

void yield_processor() noexcept { ::sched_yield(); }

std::uint64_t ticks_per_microsecond() noexcept {
  static const std::uint64_t measured = measure_ticks();
  return measured;
}

}  // namespace troupe::platform
