// SPDX-License-Identifier: BSL-1.0
#include "manager/life_watch.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

namespace troupe::manager {

namespace {

constexpr std::chrono::milliseconds kGatheringTime(5);
constexpr std::uint32_t kOwnerBits = 0x3fffffffu;  // the thread's id; the kernel clears it when it marks the word

LifeWatch::Fall fall_of(std::uint32_t word_value) {
  return platform::is_fallen(word_value) && (word_value & kOwnerBits) != 0 ? LifeWatch::Fall::by_itself
                                                                           : LifeWatch::Fall::by_kernel;
}

}  // namespace

LifeWatch::~LifeWatch() {
  {
    const std::lock_guard lock(mutex_);
    must_end_ = true;
  }
  wake_thread();
  if (thread_.joinable()) thread_.join();
}

void LifeWatch::wake_thread() {
  change_count_.fetch_add(1);
  platform::futex_wake(change_count_, 1, platform::FutexScope::this_process);
}

void LifeWatch::add(Life life, platform::LifeView view, unsigned word) {
  if (!platform::has_futex_wait_any()) return;
  const std::uint32_t expected = view.word(word).load(std::memory_order_acquire);
  if (platform::is_fallen(expected)) return report(life, fall_of(expected));
  {
    const std::lock_guard lock(mutex_);
    if (wanted_.size() >= kMostWords) return;
    wanted_.push_back({life, std::move(view), word, expected});
  }
  if (std::exchange(is_gathering_, true)) return;
  gathering_.start(kGatheringTime, [this] { take_up(); });
}

void LifeWatch::take_up() try {
  is_gathering_ = false;
  if (!thread_.joinable()) thread_ = std::thread([this] { watch(); });
  wake_thread();
} catch (const std::system_error&) {  // no thread to be had: the other nets serve
}

// The thread may hold on to the mapping until it next wakes: it is not woken for this.
void LifeWatch::remove(Life life) {
  const std::lock_guard lock(mutex_);
  std::erase_if(wanted_, [&](const Watched& each) { return each.life == life; });
}

// What is wanted now. False: it is time to end.
bool LifeWatch::refresh(std::vector<Watched>& watched, std::uint32_t& seen) {
  const std::lock_guard lock(mutex_);
  seen = change_count_.load();
  watched = wanted_;
  return !must_end_;
}

void LifeWatch::report_fallen(const std::vector<Watched>& watched) {
  for (const Watched& each : watched) {
    const std::uint32_t value = each.view.word(each.word).load(std::memory_order_acquire);
    if (value == each.expected) continue;
    remove(each.life);
    report(each.life, fall_of(value));
  }
}

void LifeWatch::report(Life life, Fall fall) {
  loop_.post([this, life, fall] { on_fallen_(life, fall); });
}

// Without memory it ends: the other nets serve.
void LifeWatch::watch() try {
  std::vector<Watched> watched;
  std::vector<platform::FutexTarget> targets;
  for (std::uint32_t seen = 0; refresh(watched, seen);) {
    targets.assign({{&change_count_, seen, platform::FutexScope::this_process}});
    for (const Watched& each : watched)
      targets.push_back({&each.view.word(each.word), each.expected, platform::FutexScope::shared});
    platform::futex_wait_any(targets);
    report_fallen(watched);
  }
} catch (const std::bad_alloc&) {
}

}  // namespace troupe::manager
