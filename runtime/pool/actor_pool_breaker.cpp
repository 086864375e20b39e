// SPDX-License-Identifier: BSL-1.0
#include "pool/actor_pool_breaker.hpp"

namespace troupe::pool {

// True: there has been an answer, which ends the row.
bool Breaker::take_news(std::uint32_t answered) {
  if (!is_news(answered)) return false;
  answered_ = answered;
  row_ = 0;
  is_open_ = false;
  return true;
}

void Breaker::note_failure(TimePoint now, std::uint32_t answered) {
  take_news(answered);
  ++row_;
  if (options_.failures != 0 && row_ >= options_.failures) open(now);
}

void Breaker::note_called(TimePoint now, std::uint32_t answered) {
  if (is_open_ && !take_news(answered)) open(now);
}

void Breaker::open(TimePoint now) {
  is_open_ = true;
  until_ = options_.open_for.after(now);
}

}  // namespace troupe::pool
