// SPDX-License-Identifier: BSL-1.0
#include "pool/actor_pool_replacement.hpp"

#include <algorithm>

namespace troupe::pool {

void Replacement::set_wanted(std::size_t wanted, TimePoint now) {
  wanted_ = wanted;
  note_count(now);
}

void Replacement::add(std::size_t count, TimePoint now) {
  members_ += count;
  note_count(now);
}

std::size_t Replacement::missing() const {
  const std::size_t coming = members_ + starting_;
  return has_given_up_ || coming >= wanted_ ? 0 : wanted_ - coming;
}

// While they fail one is tried at a time.
std::size_t Replacement::begin(TimePoint now) {
  if (now < not_before_ || (failures_ != 0 && starting_ != 0)) return 0;
  const std::size_t count = failures_ != 0 ? std::min<std::size_t>(missing(), 1) : missing();
  starting_ += count;
  return count;
}

void Replacement::note_started(TimePoint now) {
  --starting_;
  ++members_;
  failures_ = 0;
  note_count(now);
}

void Replacement::note_failed(TimePoint now) {
  --starting_;
  delay(now, ++failures_);
}

void Replacement::note_lost(TimePoint now, std::chrono::nanoseconds lived) {
  --members_;
  short_lives_ = lived < backoff_.most.span() ? short_lives_ + 1 : 0;
  if (short_lives_ > 1) delay(now, short_lives_ - 1);
  note_count(now);
}

void Replacement::delay(TimePoint now, unsigned row) {
  Timeout span = backoff_.first;
  for (unsigned i = 1; i < row && span.span() < backoff_.most.span(); ++i) span = Timeout(2 * span.span());
  not_before_ = Timeout(std::min(span.span(), backoff_.most.span())).after(now);
}

void Replacement::note_count(TimePoint now) {
  if (members_ >= wanted_) {
    short_since_.reset();
  } else if (!short_since_) {
    short_since_ = now;
  }
}

std::optional<Replacement::News> Replacement::news(TimePoint now) {
  if (short_since_ && !is_told_ && now >= short_after_.after(*short_since_)) {
    is_told_ = true;
    return News::is_short;
  }
  if (!short_since_ && is_told_) {
    is_told_ = false;
    return News::is_complete;
  }
  return std::nullopt;
}

TimePoint Replacement::due() const {
  TimePoint due = TimePoint::max();
  if (missing() != 0 && (failures_ == 0 || starting_ == 0)) due = not_before_;
  if (short_since_ && !is_told_) due = std::min(due, short_after_.after(*short_since_));
  return due;
}

}  // namespace troupe::pool
