// SPDX-License-Identifier: BSL-1.0
#include "watchdog.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace troupe::campaigns {

Step::Step(const char* what) : what_(what) {
  Watchdog& dog = watchdog();
  const std::lock_guard lock(dog.mutex_);
  dog.steps_.push_back(this);
}

Step::~Step() {
  Watchdog& dog = watchdog();
  const std::lock_guard lock(dog.mutex_);
  std::erase(dog.steps_, this);
}

Watchdog::Watchdog() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}

Watchdog::~Watchdog() = default;

void Watchdog::begin_case(const std::string& campaign, int number, std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  case_ = fmt::format("{}, case {} (seed {})", campaign, number, seed);
}

void Watchdog::set_witness(std::function<std::string()> witness) {
  const std::lock_guard lock(mutex_);
  witness_ = std::move(witness);
}

void Watchdog::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, stop, std::chrono::seconds(1), [&] { return stop.stop_requested(); })) {
    if (stop.stop_requested()) return;
    if (const Step* late = find_late()) bark(*late);
  }
}

const Step* Watchdog::find_late() const {
  const std::int64_t limit = Step::now_ns() - std::chrono::nanoseconds(kPatience).count();
  const auto late = std::find_if(steps_.begin(), steps_.end(), [&](const Step* step) { return step->since_ns_.load() < limit; });
  return late == steps_.end() ? nullptr : *late;
}

// With the mutex held: whoever would end a step now waits, and shows up in the debugger where it stands.
void Watchdog::bark(const Step& late) const {
  fmt::print(stderr, "campaign {}: process {} HANGS for {} s: {}\n", case_, ::getpid(), kPatience.count(), late.what_);
  for (const Step* step : steps_) {
    fmt::print(stderr, "  a thread has been {} for {} s\n", step->what_,
               (Step::now_ns() - step->since_ns_.load()) / 1'000'000'000);
  }
  if (witness_) fmt::print(stderr, "{}", witness_());
  std::fflush(stderr);
  while (holds_.load()) ::pause();
  std::abort();
}

Watchdog& watchdog() {
  static Watchdog own;
  return own;
}

}  // namespace troupe::campaigns
