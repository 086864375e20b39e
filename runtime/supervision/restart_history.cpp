// SPDX-License-Identifier: BSL-1.0
#include "supervision/restart_history.hpp"

#include <limits>
#include <stdexcept>

namespace troupe::supervision {

namespace {

using std::chrono::nanoseconds;

// The next number of a splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

RestartHistory::RestartHistory(const RestartPolicy& policy, std::uint64_t seed)
    : policy_(policy), window_(policy.max, policy.within), random_(seed) {}

bool RestartHistory::may_restart() const { return policy_.max != 0 && policy_.on != RestartPolicy::On::never; }

bool RestartHistory::asks_for_restart(Exit exit) const {
  return may_restart() && (exit == Exit::crash || policy_.on == RestartPolicy::On::any_exit);
}

Verdict RestartHistory::ended(Exit exit, TimePoint now) {
  if (!asks_for_restart(exit)) return {Verdict::What::stay_down, {}};
  if (!window_.admit(now)) return {Verdict::What::give_up, {}};
  if (life_was_due_ && elapsed(*life_was_due_, now) > policy_.within.span()) run_ = 0;
  const nanoseconds delay = jittered(backoff());
  life_was_due_ = Timeout(delay).after(now);
  if (run_ != std::numeric_limits<unsigned>::max()) ++run_;
  ++restarts_;
  return {Verdict::What::restart, delay};
}

// first * 2^run_, at most `most`.
nanoseconds RestartHistory::backoff() const {
  constexpr unsigned kBits = std::numeric_limits<nanoseconds::rep>::digits;
  const auto first = policy_.backoff.first.span().count();
  const auto most = policy_.backoff.most.span().count();
  if (first == 0) return nanoseconds::zero();
  return nanoseconds(run_ >= kBits || first > (most >> run_) ? most : first << run_);
}

nanoseconds RestartHistory::jittered(nanoseconds delay) {
  const auto half = delay.count() / 2;
  const auto choices = static_cast<std::uint64_t>(delay.count() - half) + 1;
  return nanoseconds(half + static_cast<nanoseconds::rep>(next_random(random_) % choices));
}

void check(const RestartPolicy& policy) {
  const auto& [first, most] = policy.backoff;
  if (policy.max != 0 && policy.within == Timeout(nanoseconds::zero()))
    throw std::invalid_argument("SpawnOptions::restart.within must be longer than zero: it is the window that `max` counts in");
  if (first.is_forever())
    throw std::invalid_argument("SpawnOptions::restart.backoff.first must have an end: the restart would never come");
  if (first.span() > most.span())
    throw std::invalid_argument("SpawnOptions::restart.backoff.first must not be longer than backoff.most");
}

}  // namespace troupe::supervision
