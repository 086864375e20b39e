// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_pool.hpp>

#include <chrono>
#include <cstdint>

namespace troupe::pool {

using TimePoint = std::chrono::steady_clock::time_point;

// One member's circuit breaker: whether it gets calls at the moment. It is told of failures, and sees of successes only how many
// there have been: so a call that goes well tells nobody. Thread-safety: none.
class Breaker {
 public:
  explicit Breaker(const CircuitBreaker& options) : options_(options) {}

  // `answered`: how many calls have been answered in time so far.
  void note_failure(TimePoint now, std::uint32_t answered);
  // Whether allows() has to be asked at all.
  bool is_open() const { return is_open_; }
  bool allows(TimePoint now, std::uint32_t answered) const { return !is_open_ || is_news(answered) || now >= until_; }
  // It is called, because it was allowed, or for want of a better one: closes it when an answer has come, else this is the probe.
  void note_called(TimePoint now, std::uint32_t answered);
  // When it is allowed a call, unless an answer comes before.
  TimePoint until() const { return until_; }

 private:
  void open(TimePoint now);
  // For a moment the count may be one less.
  bool is_news(std::uint32_t answered) const { return static_cast<std::int32_t>(answered - answered_) > 0; }
  bool take_news(std::uint32_t answered);

  const CircuitBreaker options_;
  unsigned row_ = 0;            // failures without an answer in between
  std::uint32_t answered_ = 0;  // at the last of them, or at the probe
  bool is_open_ = false;
  TimePoint until_{};
};

}  // namespace troupe::pool
