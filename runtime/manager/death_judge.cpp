// SPDX-License-Identifier: BSL-1.0
#include "manager/death_judge.hpp"

namespace troupe::manager {

namespace {

// The fatal-signal handler has run, and then the process died of that signal, or was killed while it wrote its core.
bool crashed_first(const Ending& ending) {
  const auto noted = static_cast<int>(ending.fatal_signal);
  return noted != 0 && (ending.status.signal == noted || ending.status.signal == kKillSignal);
}

DeathKind kind_when_killed(Asked asked) {
  switch (asked) {
    case Asked::stop:
    case Asked::kill:
      return DeathKind::killed_by_us;
    case Asked::parent_gone:
      return DeathKind::parent_gone;
    case Asked::give_up:
      return DeathKind::start_failure;
    case Asked::nothing:
      break;
  }
  return DeathKind::signal;
}

DeathKind kind_of_exit(const Ending& ending) {
  if (ending.constructor_threw) return DeathKind::uncaught_at_start;
  if (ending.status.exit_code == 0 && ending.asked == Asked::stop) return DeathKind::stopped;
  if (ending.status.exit_code == 0 && ending.asked == Asked::parent_gone) return DeathKind::parent_gone;
  return DeathKind::exit_code;
}

DeathKind kind_of(const Ending& ending) {
  if (!ending.violation.empty()) return DeathKind::protocol_violation;
  if (!ending.is_status_known) return DeathKind::unknown;
  if (crashed_first(ending)) return DeathKind::signal;
  if (ending.status.signal == kKillSignal) return kind_when_killed(ending.asked);
  return ending.status.signal != 0 ? DeathKind::signal : kind_of_exit(ending);
}

}  // namespace

DeathCause judge_death(const Ending& ending) {
  DeathCause cause;
  cause.kind = kind_of(ending);
  cause.exit_code = ending.status.exit_code;
  cause.signal = ending.status.signal;
  if (cause.kind == DeathKind::signal && crashed_first(ending)) {
    cause.signal = static_cast<int>(ending.fatal_signal);
    cause.fault_address = ending.fault_address;
  }
  cause.method = ending.method;
  cause.resource_usage = ending.usage;
  cause.incarnation = ending.incarnation;
  cause.detail = ending.violation;
  if (!ending.is_status_known) cause.detail = "how it ended is not known: something else reaped it";
  return cause;
}

}  // namespace troupe::manager
