// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/options.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace troupe::pool {

using TimePoint = std::chrono::steady_clock::time_point;

// How many members a pool has and should have, when to start one, and when the user has to be told that it is short of them.
// Thread-safety: none.
class Replacement {
 public:
  Replacement(RestartPolicy::Backoff backoff, Timeout short_after) : backoff_(backoff), short_after_(short_after) {}

  void set_wanted(std::size_t wanted, TimePoint now);
  std::size_t wanted() const { return wanted_; }
  std::size_t members() const { return members_; }
  // So many are there that replace nobody.
  void add(std::size_t count, TimePoint now);
  // Its place is not to be filled: the pool has become smaller.
  void retire() { --members_; }

  // How many shall be started now; they count as being started.
  std::size_t begin(TimePoint now);
  void note_started(TimePoint now);
  void note_failed(TimePoint now);
  // `lived`: for how long.
  void note_lost(TimePoint now, std::chrono::nanoseconds lived);
  // No member can ever be started again.
  void give_up() { has_given_up_ = true; }

  // Whether a call that finds no member does well to wait: one is being started, or about to be, and the last attempt has not
  // failed. `living`: of the members; of an end this may not have been told yet.
  bool is_hopeful(std::size_t living) const { return !has_given_up_ && failures_ == 0 && (starting_ != 0 || living < wanted_); }

  enum class News { is_short, is_complete };
  // Each once.
  std::optional<News> news(TimePoint now);
  // When begin() or news() has something to say, if nothing comes before.
  TimePoint due() const;

 private:
  std::size_t missing() const;
  void delay(TimePoint now, unsigned row);
  void note_count(TimePoint now);

  const RestartPolicy::Backoff backoff_;
  const Timeout short_after_;
  std::size_t wanted_ = 0;
  std::size_t members_ = 0;
  std::size_t starting_ = 0;
  unsigned failures_ = 0;     // to start one, in a row
  unsigned short_lives_ = 0;  // likewise
  TimePoint not_before_{};
  std::optional<TimePoint> short_since_;
  bool is_told_ = false;
  bool has_given_up_ = false;
};

}  // namespace troupe::pool
