// SPDX-License-Identifier: BSL-1.0
#include "pool/start_attempts.hpp"

#include <algorithm>
#include <utility>

namespace troupe::pool {

StartAttempts::TimePoint StartAttempts::next(std::optional<TimePoint> latest) const {
  if (failures_ == 0) return {};
  return latest ? std::max(not_before_, *latest + kPatience) : not_before_;
}

StartAttempts::Verdict StartAttempts::note_failed(TimePoint born, TimePoint now) {
  if (given_up_ && born < *given_up_) return Verdict::give_up;  // it was tried with those
  if (failures_ != 0 && born < failed_) return Verdict::try_again;
  failed_ = now;
  not_before_ = now + kFirstPause * (1 << failures_);
  if (++failures_ < kMost) return Verdict::try_again;
  failures_ = 0;
  given_up_ = now;
  return Verdict::give_up;
}

bool StartAttempts::note_started() { return std::exchange(failures_, 0) != 0; }

}  // namespace troupe::pool
