// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "supervision/restart_window.hpp"

namespace troupe::supervision {

// What an actor's process does at one moment, as it says itself.
struct Progress {
  std::uint32_t method = 0;  // that runs; 0: none
  std::uint64_t turns = 0;   // of methods, and parts of methods, that have ended

  friend bool operator==(const Progress&, const Progress&) = default;
};

// Decides whether an actor hangs: it is found in one run of one method again and again, for as long as `after`. Looking when
// it says so is its owner's. One that does nothing never hangs, nor does one whose methods end, however busy it is.
// Two looks that are far apart count as if they were half of `after` apart: a machine, or an owner, that stood still is no
// actor's hang.
// Thread-safety: none.
class HangWatch {
 public:
  // goes_on: what hung has ended. still_hung: at each further `after`.
  enum class Finding : std::uint8_t { nothing, hung, still_hung, goes_on };

  explicit HangWatch(std::chrono::nanoseconds after, TimePoint now);

  // At next_look(), or whenever else.
  Finding look(const Progress& seen, TimePoint now);
  // What is due at about the same time is due at the same time, so that one look serves all. At most a quarter of `after` from
  // the last one.
  TimePoint next_look() const;

  // How long it has been in the run that it was last seen in, at least.
  std::chrono::nanoseconds running_for() const { return running_for_; }
  // From now on, while that run goes on.
  bool is_hung() const { return is_hung_; }

  // What `after` must be at the least.
  static constexpr std::chrono::milliseconds kLeast{100};

 private:
  std::chrono::nanoseconds after_;
  std::chrono::nanoseconds interval_;  // between looks, at the most
  TimePoint last_look_;
  Progress last_seen_{};
  std::chrono::nanoseconds running_for_{};
  std::chrono::nanoseconds next_finding_;  // when running_for_ is that
  bool is_hung_ = false;
};

}  // namespace troupe::supervision
