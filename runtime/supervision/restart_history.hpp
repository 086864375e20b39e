// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

#include "supervision/exit.hpp"
#include "supervision/restart_window.hpp"

namespace troupe::supervision {

// What a policy says of the end of a life. restart: after `delay`. give_up: it was restarted too often. stay_down: such an
// end asks for no restart.
struct Verdict {
  enum class What : std::uint8_t { restart, give_up, stay_down } what = What::stay_down;
  std::chrono::nanoseconds delay{};

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// Decides, when a life of an actor ends, whether and how soon there is a next one. Who says how a life ended, waits out the
// delay and starts the next one is its owner.
// Restarts that follow each other in short order are a run: the delay doubles from one to the next. A life longer than
// the policy's window, counted from when its restart was due, begins a new run.
// Thread-safety: none.
class RestartHistory {
 public:
  RestartHistory() = default;  // never restarts
  // `policy` has passed check(). `seed`: of the jitter; the same seed gives the same delays.
  RestartHistory(const RestartPolicy& policy, std::uint64_t seed);

  // A life ended. The delay of a restart lies between half and all of what the backoff says.
  Verdict ended(Exit exit, TimePoint now);

  // Whether any end could lead to a restart at all.
  bool may_restart() const;

  // So far, in all.
  unsigned restarts() const { return restarts_; }

 private:
  bool asks_for_restart(Exit exit) const;
  std::chrono::nanoseconds backoff() const;
  std::chrono::nanoseconds jittered(std::chrono::nanoseconds delay);

  RestartPolicy policy_{};
  RestartWindow window_{};
  std::uint64_t random_ = 0;
  unsigned restarts_ = 0;
  unsigned run_ = 0;                         // restarts of this run
  std::optional<TimePoint> life_was_due_{};  // when the last restart was to happen; none: no restart yet
};

// Errors: std::invalid_argument, which names the field, for a policy that nobody can follow.
void check(const RestartPolicy& policy);

}  // namespace troupe::supervision
