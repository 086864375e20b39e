// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace troupe::campaigns {

class Watchdog;

// While it lives, its thread does something that has to end soon; the watchdog barks when it does not.
// Thread-safety: one thread; the watchdog reads beside it.
class Step {
 public:
  explicit Step(const char* what);
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  // It goes on: the time counts from here.
  void renew() { since_ns_.store(now_ns(), std::memory_order_relaxed); }

 private:
  friend class Watchdog;
  static std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

  const char* const what_;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<std::int64_t> since_ns_{now_ns()};
};

// Ends the process with a core, and with a word about what hangs, when a step takes more than a minute; or stops and waits
// for a debugger. Thread-safety: full.
class Watchdog {
 public:
  static constexpr std::chrono::seconds kPatience{60};

  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void begin_case(const std::string& campaign, int number, std::uint64_t seed);
  // Whom to ask what is still open; an empty function: nobody.
  void set_witness(std::function<std::string()> witness);
  // Once it has barked, it waits for a debugger instead of aborting.
  void hold_on_hang() { holds_.store(true); }

 private:
  friend class Step;
  void watch(const std::stop_token& stop);
  const Step* find_late() const;
  void bark(const Step& late) const;

  std::atomic<bool> holds_{false};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_:
  std::vector<const Step*> steps_;
  std::string case_ = "(before the first case)";
  std::function<std::string()> witness_;
  std::jthread thread_;  // last: it uses the others
};

// This process's own; it begins with the first use.
Watchdog& watchdog();

}  // namespace troupe::campaigns
