// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>

namespace troupe::pool {

// When a crew may start workers: at once, until that fails. Then there is a pause, which doubles, and one is tried at a time, but
// for one that takes long, which nobody waits for; after five failures in a row that was all. Decisions, with the time as an
// argument. Thread-safety: none.
class StartAttempts {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr int kMost = 5;
  static constexpr std::chrono::milliseconds kFirstPause{100};
  static constexpr std::chrono::seconds kPatience{1};  // with one that is being started

  // From when on one more may be started. `latest`: when the youngest of those that are being started was begun with.
  TimePoint next(std::optional<TimePoint> latest) const;

  enum class Verdict { try_again, give_up };
  // A start failed that was begun with at `born`; those that were tried at a time are one failure. Who is told to give up what is
  // missing has a whole row of attempts for what is missing later.
  Verdict note_failed(TimePoint born, TimePoint now);
  // One has been started, so that the others can be, too. Whether they had to wait for that.
  bool note_started();
  // Whatever failed is to be tried as if it had not.
  void forget() { *this = {}; }

 private:
  int failures_ = 0;    // in a row
  TimePoint failed_{};  // the latest of them
  TimePoint not_before_{};
  std::optional<TimePoint> given_up_{};
};

}  // namespace troupe::pool
