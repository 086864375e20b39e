// SPDX-License-Identifier: BSL-1.0
#include "manager/restarting.hpp"

#include "supervision/restart_history.hpp"

namespace troupe::manager {

supervision::Exit exit_of(const DeathCause& cause) {
  const bool is_clean = cause.kind == DeathKind::stopped || (cause.kind == DeathKind::exit_code && cause.exit_code == 0);
  return is_clean ? supervision::Exit::clean : supervision::Exit::crash;
}

std::optional<std::chrono::nanoseconds> Restarting::delay_of_next_life(HostRecord& host, const DeathCause& cause) const {
  if (!host.is_wanted() || tables_.is_closing || !host.has_run || !host.actor.may_restart) return std::nullopt;
  const auto now = std::chrono::steady_clock::now();
  const supervision::Verdict verdict = host.history.ended(exit_of(cause), now);
  if (verdict.what == supervision::Verdict::What::stay_down) return std::nullopt;
  host.first_death.note(cause, std::chrono::nanoseconds(host.order.restart.within_ns), now);
  host.last_cause = cause;
  host.has_given_up = verdict.what == supervision::Verdict::What::give_up;
  if (host.has_given_up) return std::nullopt;
  return verdict.delay;
}

}  // namespace troupe::manager
